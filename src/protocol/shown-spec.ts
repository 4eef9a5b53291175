import type { AppSpec, HealthCheckSpec } from '../lifecycle/app-spec.ts';
import type { AppSnapshot } from './snapshot.ts';

const HIDDEN = '***';

/** A definition for clients: without the values of its environment and of the headers of its health check, which may be secret. */
export function shownSpec({ env, health, ...spec }: AppSpec): AppSnapshot['spec'] {
  return { ...spec, health: health === null ? null : withoutSecrets(health), envNames: Object.keys(env).sort() };
}

function withoutSecrets({ headers, ...health }: HealthCheckSpec): HealthCheckSpec {
  return headers === undefined ? health : { ...health, headers: Object.fromEntries(Object.keys(headers).map((name) => [name, HIDDEN])) };
}
