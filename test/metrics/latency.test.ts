import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addBuckets, emptyBuckets, quantile } from '../../src/metrics/latency.ts';
import { LATENCY_BUCKETS_MS } from '../../src/protocol/worker.ts';

/** Buckets with these counts at these indexes. */
function buckets(counts: Readonly<Record<number, number>>): number[] {
  const result = emptyBuckets();
  for (const [index, count] of Object.entries(counts)) result[Number(index)] = count;
  return result;
}

describe('quantile', () => {
  it('is nothing without observations', () => {
    expect(quantile(emptyBuckets(), 0.95)).toBeNull();
  });

  it.each([
    ['within the first bucket, from 0', { 0: 10 }, 0.5, 0.5],
    ['within its bucket', { 2: 10 }, 0.5, 3.75],
    ['at the upper bound', { 2: 10 }, 1, 5],
    ['across buckets', { 0: 90, 5: 10 }, 0.95, 37.5],
    ['the last bound, for what is above all of them', { [LATENCY_BUCKETS_MS.length]: 3 }, 0.95, 10_000],
  ])('interpolates %s', (_, counts, q, expected) => {
    expect(quantile(buckets(counts), q)).toBeCloseTo(expected, 9);
  });

  const counts = fc.array(fc.nat(1_000), { minLength: LATENCY_BUCKETS_MS.length + 1, maxLength: LATENCY_BUCKETS_MS.length + 1 });
  it('rises with q and stays within the bounds', () => {
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(counts, share, share, (given, a, b) => {
        const low = quantile(given, Math.min(a, b));
        const high = quantile(given, Math.max(a, b));
        if (low === null || high === null) return expect(given.every((n) => n === 0)).toBe(true);
        expect(low).toBeGreaterThanOrEqual(0);
        expect(high).toBeGreaterThanOrEqual(low);
        expect(high).toBeLessThanOrEqual(10_000);
      }),
    );
  });

  it('of a sum of workers counts every request once', () => {
    expect(addBuckets(buckets({ 0: 1, 3: 2 }), buckets({ 3: 4, 13: 1 }))).toEqual(buckets({ 0: 1, 3: 6, 13: 1 }));
  });
});
