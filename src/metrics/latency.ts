import { LATENCY_BUCKETS_MS } from '../protocol/worker.ts';

export function emptyBuckets(): number[] {
  return new Array<number>(LATENCY_BUCKETS_MS.length + 1).fill(0);
}

export function addBuckets(a: readonly number[], b: readonly number[]): number[] {
  return a.map((n, i) => n + (b[i] ?? 0));
}

/**
 * The quantile in milliseconds, interpolated within its bucket like Prometheus' `histogram_quantile`; at most the last bound.
 * Null without observations.
 * @param q 0 to 1
 */
export function quantile(buckets: readonly number[], q: number): number | null {
  const total = buckets.reduce((sum, n) => sum + n, 0);
  if (total === 0) return null;
  const rank = q * total;
  let below = 0;
  for (let i = 0; i < LATENCY_BUCKETS_MS.length; i++) {
    const count = buckets[i] ?? 0;
    const upper = LATENCY_BUCKETS_MS[i] ?? 0;
    if (below + count >= rank && count > 0) {
      const lower = i === 0 ? 0 : (LATENCY_BUCKETS_MS[i - 1] ?? 0);
      return lower + ((upper - lower) * (rank - below)) / count;
    }
    below += count;
  }
  return LATENCY_BUCKETS_MS.at(-1) ?? null;
}
