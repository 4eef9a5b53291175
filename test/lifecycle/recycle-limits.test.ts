import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { afterRecycle, NO_STREAK, recycleDueAt, recycleLimits, recycleReason, type RecycleStreak } from '../../src/lifecycle/recycle-limits.ts';

const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const policy = { maxRequests: 10_000, maxLifetimeMs: 3_600_000, recycleJitter: 0.1 };

describe('recycleLimits', () => {
  it('keeps any two slots of an app apart, whatever is drawn', () => {
    fc.assert(
      fc.property(fc.array(random, { minLength: 2, maxLength: 32 }), (draws) => {
        const limits = draws.map((draw, slot) => recycleLimits(policy, slot, draws.length, draw));
        for (const [slot, next] of limits.slice(1).entries()) {
          const rounding = 1;
          expect(Number(next.requests) - Number(limits[slot]?.requests)).toBeGreaterThanOrEqual(500 / draws.length - rounding);
          expect(Number(next.lifetimeMs) - Number(limits[slot]?.lifetimeMs)).toBeGreaterThanOrEqual(180_000 / draws.length - rounding);
        }
      }),
    );
  });

  it('stays between the limit and the limit with its jitter, also for a slot above the count', () => {
    fc.assert(
      fc.property(fc.nat(64), fc.integer({ min: 1, max: 64 }), random, fc.double({ min: 0, max: 1, noNaN: true }), (slot, slots, draw, recycleJitter) => {
        const { requests } = recycleLimits({ ...policy, recycleJitter }, slot, slots, draw);
        expect(requests).toBeGreaterThanOrEqual(10_000);
        expect(requests).toBeLessThanOrEqual(Math.round(10_000 * (1 + recycleJitter)));
      }),
    );
  });

  it('spreads four workers over the whole jitter', () => {
    const limits = [0, 1, 2, 3].map((slot) => recycleLimits(policy, slot, 4, 0.5).requests);
    expect(limits).toEqual([10_063, 10_313, 10_563, 10_813]);
  });

  it('is exact without jitter, and absent without a limit', () => {
    expect(recycleLimits({ ...policy, recycleJitter: 0, maxLifetimeMs: null }, 3, 4, 0.9)).toEqual({ requests: 10_000, lifetimeMs: null });
  });
});

describe('recycleReason', () => {
  const limits = { requests: 100, lifetimeMs: 1_000 };
  it.each([
    [{ requests: 99, uptimeMs: 999 }, null],
    [{ requests: 100, uptimeMs: 0 }, 'requests'],
    [{ requests: 0, uptimeMs: 1_000 }, 'lifetime'],
    [{ requests: 500, uptimeMs: 5_000 }, 'requests'],
  ] as const)('%o is %s', (worker, reason) => {
    expect(recycleReason(worker, limits)).toBe(reason);
  });

  it('has none without limits', () => {
    expect(recycleReason({ requests: 1e9, uptimeMs: 1e12 }, { requests: null, lifetimeMs: null })).toBeNull();
  });
});

describe('the wait between replacements in a row', () => {
  it('grows, but stays bounded, for whatever workers reach the limit soon', () => {
    fc.assert(
      fc.property(fc.array(fc.record({ readyForMs: fc.nat(10_000), lateMs: fc.nat(5_000) }), { minLength: 2, maxLength: 40 }), (soon) => {
        let streak: RecycleStreak = NO_STREAK;
        let now = 0;
        const waits: number[] = [];
        for (const { readyForMs, lateMs } of soon) {
          now = Math.max(now, recycleDueAt(streak)) + lateMs;
          streak = afterRecycle(streak, readyForMs, now);
          waits.push(recycleDueAt(streak) - now);
        }
        expect(waits[0]).toBe(1_000);
        for (const [index, wait] of waits.slice(1).entries()) expect(wait).toBe(Math.min(60_000, 2 * (waits[index] ?? 0)));
      }),
    );
  });

  it('is none after a worker that reached it late, and before the first replacement', () => {
    expect(recycleDueAt(NO_STREAK)).toBeLessThan(0);
    expect(afterRecycle({ length: 5, lastAt: 0 }, 10_001, 99)).toEqual(NO_STREAK);
  });
});
