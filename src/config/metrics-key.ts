import { LbError } from '../errors/lb-error.ts';
import type { HostPort } from '../lifecycle/app-spec.ts';
import { describe } from './describe.ts';
import { hostPort } from './kinds.ts';
import { suggestion } from './nearest.ts';

/** Where the daemon should serve its metrics; null for nowhere. */
export interface MetricsConfig {
  readonly listen: HostPort | null;
  /** Names of this machine that scrapers use. */
  readonly hosts: readonly string[];
  readonly file: string;
}

const KEYS: readonly string[] = ['listen', 'hosts'];

/** Without a port. */
export const isHostName = (text: unknown): text is string => typeof text === 'string' && /^[\w-]+(?:\.[\w-]+)*$/.test(text);
const isHostList = (value: unknown): value is readonly string[] => Array.isArray(value) && value.every(isHostName);

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
  const unknown = Object.keys(raw).find((name) => !KEYS.includes(name));
  if (unknown !== undefined) return fail(`metrics.${unknown}`, '"listen", "hosts" and nothing else', `${unknown}${suggestion(unknown, KEYS)}`);
  const { listen, hosts = [] } = raw as { readonly listen?: unknown; readonly hosts?: unknown };
  if (!isHostList(hosts)) return fail('metrics.hosts', 'a list of host names', describe(hosts));
  if (listen === null || listen === false) return { listen: null, hosts, file };
  const parsed = hostPort.parse(listen);
  if ('value' in parsed) return { listen: parsed.value, hosts, file };
  return fail('metrics.listen', `${parsed.mismatch.expected}, or null for nowhere`, listen === undefined ? 'no value' : parsed.mismatch.got);
}
