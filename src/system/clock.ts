/** Monotonic milliseconds, for every deadline and duration; the zero point means nothing. */
export function now(): number {
  return performance.now();
}

/** Epoch milliseconds, only for what people read: it jumps when the clock is set. */
export function wallNow(): number {
  return Date.now();
}
