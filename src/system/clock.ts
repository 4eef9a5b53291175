/** Monotonic milliseconds, for deadlines and durations. */
export function now(): number {
  return performance.now();
}

/** Epoch milliseconds, only for display: it jumps when the clock is set. */
export function wallNow(): number {
  return Date.now();
}
