import fc from 'fast-check';
import { expect, it } from 'vitest';
import { TimeRing } from '../../src/metrics/time-ring.ts';

it('keeps one value a step: the mean of what fell into it, null for nothing', () => {
  const ring = new TimeRing(2, { stepMs: 1_000, points: 5 });
  expect(ring.read(0, 10_000)).toEqual({ fromMs: 10_000, values: [] });
  ring.put(10_000, [1, 10]);
  ring.put(10_999, [3, Number.NaN]);
  ring.put(12_000, [5, 50]);
  expect(ring.read(0, 12_500)).toEqual({ fromMs: 10_000, values: [2, null, 5] });
  expect(ring.read(1, 14_000)).toEqual({ fromMs: 10_000, values: [10, null, 50, null, null] });
});

it('forgets what is older than it is long, gaps or not', () => {
  const ring = new TimeRing(1, { stepMs: 10, points: 3 });
  for (const at of [0, 10, 20, 30]) ring.put(at, [at]);
  expect(ring.read(0, 30)).toEqual({ fromMs: 10, values: [10, 20, 30] });
  ring.put(10_000, [7]);
  expect(ring.read(0, 10_000)).toEqual({ fromMs: 9_980, values: [null, null, 7] });
  expect(ring.read(0, 10_020)).toEqual({ fromMs: 10_000, values: [7, null, null] });
});

it('tells the same as a plain list would', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 8 }),
      fc.array(fc.tuple(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 0, max: 1000 })), { minLength: 1 }),
      (points, puts) => {
        const ring = new TimeRing(1, { stepMs: 10, points });
        const steps = new Map<number, number[]>();
        let at = 0;
        for (const [later, value] of puts) {
          at += later;
          ring.put(at, [value]);
          const step = Math.floor(at / 10);
          steps.set(step, [...(steps.get(step) ?? []), value]);
        }
        const { fromMs, values } = ring.read(0, at);
        expect(values.length).toBeLessThanOrEqual(points);
        expect(fromMs / 10 + values.length - 1).toBe(Math.floor(at / 10));
        values.forEach((value, i) => {
          const expected = steps.get(fromMs / 10 + i);
          if (expected === undefined) expect(value).toBeNull();
          else expect(value).toBeCloseTo(expected.reduce((sum, n) => sum + n, 0) / expected.length, 2);
        });
      },
    ),
  );
});
