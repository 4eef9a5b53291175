export interface RecyclePolicy {
  /** Null is no limit. */
  readonly maxRequests: number | null;
  /** Null is no limit. */
  readonly maxLifetimeMs: number | null;
  /** Share by which the limits of an app's slots are spread. */
  readonly recycleJitter: number;
}

/** What one worker may reach before it is recycled; null is no limit. */
export interface RecycleLimits {
  readonly requests: number | null;
  readonly lifetimeMs: number | null;
}

/**
 * The limits of a new worker: never below what was configured, and above it by a part of the jitter that is the slot's
 * own. Half of each part stays unused, so those of two slots differ by `jitter / 2 / slots` of the limit at least. The
 * idea is gunicorn's `max_requests_jitter`; that draws each from the whole range, and two can draw the same (gunicorn #3038).
 * @param slots how many slots the app has now.
 * @param random uniform in [0, 1), so that a slot's limit is not the same each time.
 */
export function recycleLimits(policy: RecyclePolicy, slot: number, slots: number, random: number): RecycleLimits {
  const factor = 1 + (policy.recycleJitter * ((slot % slots) + random / 2)) / slots;
  const spread = (limit: number | null): number | null => (limit === null ? null : Math.round(limit * factor));
  return { requests: spread(policy.maxRequests), lifetimeMs: spread(policy.maxLifetimeMs) };
}

export type RecycleReason = 'requests' | 'lifetime';

/** Why a worker is to be recycled now; null when it is not. */
export function recycleReason(worker: { readonly requests: number; readonly uptimeMs: number }, limits: RecycleLimits): RecycleReason | null {
  if (limits.requests !== null && worker.requests >= limits.requests) return 'requests';
  return limits.lifetimeMs !== null && worker.uptimeMs >= limits.lifetimeMs ? 'lifetime' : null;
}
