/** How long a listener stays open that no worker uses. */
export const UNUSED_GRACE_MS = 10_000;

export interface UnusedListeners {
  /** Keys of those that no worker uses, with the time since when. */
  readonly since: ReadonlyMap<string, number>;
  /** Those to close now. */
  readonly due: readonly string[];
  /** When to look again if nothing happens, in milliseconds; null for never. */
  readonly wakeInMs: number | null;
}

/**
 * Which unused listeners have been so for long enough.
 * @param settled no worker is missing or starting; before, such a worker may still ask for them, so the time has not begun.
 */
export function unusedListeners(before: UnusedListeners['since'], unused: readonly string[], settled: boolean, now: number): UnusedListeners {
  if (!settled) return { since: new Map(), due: [], wakeInMs: null };
  const since = new Map(unused.map((key) => [key, before.get(key) ?? now]));
  const due = unused.filter((key) => now - (since.get(key) ?? now) >= UNUSED_GRACE_MS);
  for (const key of due) since.delete(key);
  return { since, due, wakeInMs: since.size === 0 ? null : Math.min(...since.values()) + UNUSED_GRACE_MS - now };
}
