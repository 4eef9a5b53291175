import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rampFactor } from '../../src/balancing/slow-start.ts';

describe('rampFactor', () => {
  it.each([
    { since: 0, factor: 0.1 },
    { since: 2_500, factor: 0.325 },
    { since: 5_000, factor: 0.55 },
    { since: 10_000, factor: 1 },
    { since: 99_000, factor: 1 },
  ])('is $factor after $since of 10,000 ms', ({ since, factor }) => {
    expect(rampFactor(since, 10_000)).toBeCloseTo(factor, 10);
  });

  it('is 1 at once when slow start is off', () => {
    expect(rampFactor(0, 0)).toBe(1);
  });

  it('never falls, and stays within 0.1 and 1', () => {
    const time = fc.integer({ min: -1_000, max: 200_000 });
    fc.assert(
      fc.property(time, time, fc.integer({ min: 1, max: 100_000 }), (a, b, slowStart) => {
        const [early, late] = [rampFactor(Math.min(a, b), slowStart), rampFactor(Math.max(a, b), slowStart)];
        expect(early).toBeGreaterThanOrEqual(0.1);
        expect(late).toBeGreaterThanOrEqual(early);
        expect(late).toBeLessThanOrEqual(1);
      }),
    );
  });
});
