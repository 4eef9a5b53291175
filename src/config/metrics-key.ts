import { LbError } from '../errors/lb-error.ts';
import type { HostPort } from '../lifecycle/app-spec.ts';
import { describe } from './describe.ts';
import { hostPort } from './kinds.ts';

/** Where the daemon is to serve its metrics, as a config file says; null is nowhere. */
export interface MetricsConfig {
  readonly listen: HostPort | null;
  readonly file: string;
}

/** A failure to serve them there, told as one of the file. */
export function ofFile(thrown: unknown, { file }: MetricsConfig): unknown {
  if (!(thrown instanceof LbError) || thrown.code !== 'LB_ERR_METRICS_LISTEN') return thrown;
  return new LbError('LB_ERR_CONFIG_METRICS', { ...thrown.details, file });
}

/** The key `metrics` beside the apps. @throws LbError LB_ERR_CONFIG_VALUE */
export function readMetrics(raw: unknown, file: string): MetricsConfig {
  const fail = (path: string, expected: string, got: string): never => {
    throw new LbError('LB_ERR_CONFIG_VALUE', { file, path, expected, got });
  };
  const isTable = typeof raw === 'object' && raw !== null && !Array.isArray(raw);
  if (!isTable || !('listen' in raw) || Object.keys(raw).length > 1) return fail('metrics', 'an object with "listen" and nothing else', describe(raw));
  if (raw.listen === null || raw.listen === false) return { listen: null, file };
  const parsed = hostPort.parse(raw.listen);
  return 'value' in parsed ? { listen: parsed.value, file } : fail('metrics.listen', `${parsed.mismatch.expected}, or null for nowhere`, parsed.mismatch.got);
}
