import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { xorshift } from '../../src/balancing/xorshift.ts';

const take = (random: () => number, times: number): number[] => Array.from({ length: times }, () => random());

describe('xorshift', () => {
  it('is from 0 to below 1, evenly, from any seed', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const numbers = take(xorshift(seed), 4_000);
        expect(numbers.filter((number) => !(number >= 0 && number < 1))).toEqual([]);
        const quarters = [0, 1, 2, 3].map((quarter) => numbers.filter((number) => Math.floor(4 * number) === quarter).length);
        for (const count of quarters) expect(Math.abs(count - 1_000)).toBeLessThan(200);
      }),
      { numRuns: 20 },
    );
  });

  it('repeats with its seed, and differs with another', () => {
    expect(take(xorshift(7), 5)).toEqual(take(xorshift(7), 5));
    expect(take(xorshift(7), 5)).not.toEqual(take(xorshift(8), 5));
  });
});
