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

export type RecycleReason = 'requests' | 'lifetime';

/** Why a worker should be recycled now; null if it should not. */
export function recycleReason(worker: { readonly requests: number; readonly uptimeMs: number }, limits: RecycleLimits): RecycleReason | null {
  if (limits.requests !== null && worker.requests >= limits.requests) return 'requests';
  return limits.lifetimeMs !== null && worker.uptimeMs >= limits.lifetimeMs ? 'lifetime' : null;
}
