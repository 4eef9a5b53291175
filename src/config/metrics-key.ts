import { LbError } from '../errors/lb-error.ts';
import type { HostPort } from '../lifecycle/app-spec.ts';
import { describe } from './describe.ts';
import { hostPort } from './kinds.ts';
import { suggestion } from './nearest.ts';

/** Where the daemon should serve its metrics; null for nowhere. */
export interface MetricsConfig {
  readonly listen: HostPort | null;
  readonly file: string;
}

/** A failure to listen there, as an error of the file. */
export function asConfigError(thrown: unknown, { file }: MetricsConfig): unknown {
  if (!(thrown instanceof LbError) || thrown.code !== 'LB_ERR_METRICS_LISTEN') return thrown;
  return new LbError('LB_ERR_CONFIG_METRICS', { ...thrown.details, file });
}

/** Reads the key `metrics` beside the apps. @throws LbError LB_ERR_CONFIG_VALUE */
export function readMetrics(raw: unknown, file: string): MetricsConfig {
  const fail = (path: string, expected: string, got: string): never => {
    throw new LbError('LB_ERR_CONFIG_VALUE', { file, path, expected, got });
  };
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) return fail('metrics', 'an object with "listen"', describe(raw));
  const unknown = Object.keys(raw).find((name) => name !== 'listen');
  if (unknown !== undefined) return fail(`metrics.${unknown}`, '"listen" and nothing else', `${unknown}${suggestion(unknown, ['listen'])}`);
  const { listen } = raw as { readonly listen?: unknown };
  if (listen === null || listen === false) return { listen: null, file };
  const parsed = hostPort.parse(listen);
  if ('value' in parsed) return { listen: parsed.value, file };
  return fail('metrics.listen', `${parsed.mismatch.expected}, or null for nowhere`, listen === undefined ? 'nothing' : parsed.mismatch.got);
}
