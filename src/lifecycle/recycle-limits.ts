export interface RecyclePolicy {
  /** Null for no limit. */
  readonly maxRequests: number | null;
  /** Null for no limit. */
  readonly maxLifetimeMs: number | null;
  /** How far to spread the limits across the slots, as a share of the limit. */
  readonly recycleJitter: number;
}

/** The limits of one worker; null for no limit. */
export interface RecycleLimits {
  readonly requests: number | null;
  readonly lifetimeMs: number | null;
}

/**
 * The limits of a new worker: at least the configured ones, plus the slot's own part of the jitter. Half of each part stays
 * unused, so the limits of two slots differ by at least `jitter / 2 / slots`. The idea is gunicorn's `max_requests_jitter`,
 * which draws from the whole range, so two workers can get the same limit (gunicorn #3038).
 * @param slots current number of slots
 * @param random uniform in [0, 1), so that a slot's limit varies
 */
export function recycleLimits(policy: RecyclePolicy, slot: number, slots: number, random: number): RecycleLimits {
  const factor = 1 + (policy.recycleJitter * ((slot % slots) + random / 2)) / slots;
  const spread = (limit: number | null): number | null => (limit === null ? null : Math.round(limit * factor));
  return { requests: spread(policy.maxRequests), lifetimeMs: spread(policy.maxLifetimeMs) };
}

/** Why a healthy app's worker is replaced: it reached a limit, or stayed unhealthy. */
export const RECYCLE_REASONS = ['memory', 'requests', 'lifetime', 'unhealthy'] as const;
export type RecycleReason = (typeof RECYCLE_REASONS)[number];

/** Which limit on requests or lifetime a worker has reached; null for none. */
export function recycleReason(
  worker: { readonly requests: number; readonly uptimeMs: number },
  limits: RecycleLimits,
): Extract<RecycleReason, 'requests' | 'lifetime'> | null {
  if (limits.requests !== null && worker.requests >= limits.requests) return 'requests';
  return limits.lifetimeMs !== null && worker.uptimeMs >= limits.lifetimeMs ? 'lifetime' : null;
}

/** A worker that reaches a limit so soon after it became ready would do so again and again: the limit is too low. */
const SOON_MS = 10_000;
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 60_000;

/** The replacements of a slot's workers that reached a limit soon, in a row. */
export interface RecycleStreak {
  readonly length: number;
  /** When the last one was requested, in monotonic time. */
  readonly lastAt: number;
}

export const NO_STREAK: RecycleStreak = { length: 0, lastAt: Number.NEGATIVE_INFINITY };

export const isSoon = (readyForMs: number): boolean => readyForMs <= SOON_MS;

/** Between two replacements in a row pass 1 s, 2 s, 4 s and so on, at most a minute; the first one is immediate. */
export function recycleDueAt({ length, lastAt }: RecycleStreak): number {
  return length === 0 ? Number.NEGATIVE_INFINITY : lastAt + Math.min(FIRST_WAIT_MS * 2 ** Math.min(length - 1, 30), LONGEST_WAIT_MS);
}

/** The streak after a worker is replaced that was ready for this long when it reached its limit. */
export function afterRecycle({ length }: RecycleStreak, readyForMs: number, now: number): RecycleStreak {
  return isSoon(readyForMs) ? { length: length + 1, lastAt: now } : NO_STREAK;
}

/** One replacement may have been chance. */
export const isTooLow = ({ length }: RecycleStreak): boolean => length >= 2;
