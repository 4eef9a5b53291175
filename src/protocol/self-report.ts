import { MAX_WEIGHT } from '../lifecycle/app-spec.ts';

/**
 * What a worker says of itself, with `process.send({ lb: … })`; the model is HAProxy's agent-check.
 *
 * - `drain`: no new connections; those it has go on. Until `ready`.
 * - `down`: as unhealthy as if its checks had failed. Until `ready`.
 * - `ready`: takes connections (again); for an app with `wait_ready` the first one ends its start.
 * - `weight`: its share from now on, 0 to 256; null gives the configured one back.
 */
export type SelfReport =
  | { readonly lb: 'drain' | 'down'; readonly reason: string }
  | { readonly lb: 'ready' }
  | { readonly lb: 'weight'; readonly value: number | null };

const LONGEST_REASON = 200;

/** Null for a message that is not meant for `lb`, or makes no sense. */
export function parseSelfReport(message: unknown): SelfReport | null {
  if (typeof message !== 'object' || message === null) return null;
  const { lb, reason, value } = message as { readonly lb?: unknown; readonly reason?: unknown; readonly value?: unknown };
  if (lb === 'ready') return { lb };
  if (lb === 'drain' || lb === 'down') return { lb, reason: typeof reason === 'string' ? reason.slice(0, LONGEST_REASON) : 'no reason given' };
  if (lb !== 'weight') return null;
  if (value === null) return { lb, value };
  return typeof value === 'number' && value >= 0 && value <= MAX_WEIGHT ? { lb, value } : null;
}
