import type { AppSpec } from './app-spec.ts';

/** A worker that ran this long resets the backoff. */
export const STABLE_MS = 30_000;
export const BACKOFF_CAP_MS = 30_000;
const JITTER = 0.2;
/** So many unstable exits in a row are a crash loop. One may have been an accident. */
const CRASH_LOOP = 2;

export type RestartPolicy = Pick<AppSpec, 'autorestart' | 'minUptimeMs' | 'maxRestarts' | 'restartDelayMs' | 'backoffBaseMs' | 'stopExitCodes'>;

/** `idle`: the slot's worker runs, or was ended on purpose. */
export type RestartPhase = 'idle' | 'waiting' | 'stopped' | 'errored';

/** Restart history of a slot. */
export interface RestartState {
  readonly phase: RestartPhase;
  /** Unplanned restarts in total. */
  readonly restarts: number;
  /** Restarts since the last stable period; drives the backoff. */
  readonly consecutive: number;
  /** Consecutive unstable exits; too many make the slot errored. */
  readonly unstable: number;
  /** How long the last worker lived that exited on its own. */
  readonly lastUptimeMs: number;
  /** Monotonic time of the next start while `waiting`. */
  readonly dueAt: number;
}

export const NO_RESTARTS: RestartState = { phase: 'idle', restarts: 0, consecutive: 0, unstable: 0, lastUptimeMs: 0, dueAt: 0 };

export interface WorkerLife {
  readonly uptimeMs: number;
  /** It listened, or said that it was ready. Otherwise being ready only means that it had not crashed so far. */
  readonly provedReady: boolean;
}

/** How a worker exited on its own. */
export interface WorkerEnd extends WorkerLife {
  readonly wasReady: boolean;
  readonly code: number | null;
}

/** A crash would not count as unstable any more. */
function hasLasted({ uptimeMs, provedReady }: WorkerLife, { minUptimeMs }: Pick<RestartPolicy, 'minUptimeMs'>): boolean {
  return uptimeMs >= (provedReady ? minUptimeMs : Math.max(STABLE_MS, minUptimeMs));
}

/** Whether the worker of a slot, which may be ready, is likely to end as the one before it did, because it is not twice as old yet. */
export function crashLoops({ unstable, lastUptimeMs }: RestartState, life: WorkerLife, policy: Pick<RestartPolicy, 'minUptimeMs'>): boolean {
  return unstable >= CRASH_LOOP && life.uptimeMs < Math.max(2 * lastUptimeMs, policy.minUptimeMs) && !hasLasted(life, policy);
}

/** Delay before the next start: none the first time, then `base × 2ⁿ`, at most 30 s, ±20 % so that slots do not restart in step. */
export function restartDelay(consecutive: number, policy: RestartPolicy, random: number): number {
  if (policy.restartDelayMs !== null) return policy.restartDelayMs;
  if (consecutive === 0) return 0;
  const exact = Math.min(policy.backoffBaseMs * 2 ** Math.min(consecutive - 1, 30), BACKOFF_CAP_MS);
  return Math.round(exact * (1 - JITTER + 2 * JITTER * random));
}

/**
 * The restart state of a slot after its worker exited on its own.
 * @param random uniform in [0, 1), for the jitter.
 */
export function afterWorkerEnd(state: RestartState, end: WorkerEnd, policy: RestartPolicy, now: number, random: number): RestartState {
  const stable = end.uptimeMs >= Math.max(STABLE_MS, policy.minUptimeMs);
  const consecutive = stable ? 0 : state.consecutive;
  const lasted = hasLasted({ uptimeMs: end.uptimeMs, provedReady: end.provedReady || end.code === 0 }, policy);
  const unstable = end.wasReady && lasted ? 0 : (stable ? 0 : state.unstable) + 1;
  const next = { restarts: state.restarts, consecutive, unstable, lastUptimeMs: end.uptimeMs, dueAt: 0 };
  if (!policy.autorestart || (end.code !== null && policy.stopExitCodes.includes(end.code))) {
    return { ...next, phase: 'stopped' };
  }
  if (unstable > policy.maxRestarts) return { ...next, phase: 'errored' };
  return {
    ...next,
    phase: 'waiting',
    consecutive: consecutive + 1,
    dueAt: now + restartDelay(consecutive, policy, random),
  };
}
