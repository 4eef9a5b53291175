import { MAX_WEIGHT } from '../lifecycle/app-spec.ts';

/**
 * A self-report of a worker, sent with `process.send({ lb: … })`. Modelled on HAProxy's agent-check.
 *
 * - `drain`: no new connections; open ones continue. Until `ready`.
 * - `down`: unhealthy, as if its checks had failed. Until `ready`.
 * - `ready`: takes connections (again). For an app with `wait_ready`, the first one also completes the start.
 * - `weight`: a new weight, 0 to 256; null restores the configured one.
 */
export type SelfReport =
  | { readonly lb: 'drain' | 'down'; readonly reason: string }
  | { readonly lb: 'ready' }
  | { readonly lb: 'weight'; readonly value: number | null };

const LONGEST_REASON = 200;

/** Null if the message is not for `lb`, or is invalid. */
export function parseSelfReport(message: unknown): SelfReport | null {
  if (typeof message !== 'object' || message === null) return null;
  const { lb, reason, value } = message as { readonly lb?: unknown; readonly reason?: unknown; readonly value?: unknown };
  if (lb === 'ready') return { lb };
  if (lb === 'drain' || lb === 'down') return { lb, reason: typeof reason === 'string' ? reason.slice(0, LONGEST_REASON) : 'no reason given' };
  if (lb !== 'weight') return null;
  if (value === null) return { lb, value };
  return typeof value === 'number' && value >= 0 && value <= MAX_WEIGHT ? { lb, value } : null;
}
