import type { AppSpec } from '../lifecycle/app-spec.ts';

/** Failed checks in a row after which a proxy sends nothing more. */
export const CHECK_FALL = 2;
const LONGEST_INTERVAL_MS = 1_000;
const SHORTEST_INTERVAL_MS = 100;
/** Of `drain_delay`, in which a proxy notices. The rest is for an answer that takes long, and for requests under way. */
const NOTICE_SHARE = 0.5;
/** Below the `keepAliveTimeout` of Node.js, 5 s: the proxy must be the one that closes an idle connection. */
const LONGEST_IDLE_MS = 4_000;
const IDLE_SHARE = 0.8;

/** Time between two checks, such that the proxy notices within half of `drain_delay`. */
export function checkInterval({ drainDelayMs }: Pick<AppSpec, 'drainDelayMs'>): number {
  if (drainDelayMs === 0) return LONGEST_INTERVAL_MS;
  return Math.max(SHORTEST_INTERVAL_MS, Math.min(LONGEST_INTERVAL_MS, Math.floor((drainDelayMs * NOTICE_SHARE) / CHECK_FALL)));
}

/** How long a proxy may keep an idle connection to the app: less than the app does, and than a worker that leaves. */
export const idleTimeout = ({ drainIdleMs }: Pick<AppSpec, 'drainIdleMs'>): number =>
  Math.max(1, Math.min(LONGEST_IDLE_MS, Math.floor(drainIdleMs * IDLE_SHARE)));
