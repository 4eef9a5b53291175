import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addTallies,
  areEnough,
  chanceOf,
  describeCanary,
  ERROR_CHANCE,
  judgeCanary,
  nextForCanary,
  NO_TALLY,
  patienceOf,
  tallySince,
  type CanaryVerdict,
  type Tally,
} from '../../src/lifecycle/canary.ts';

const POLICY = { failureRate: 0.1, requests: 5 };
const tally = (changes: Partial<Tally>): Tally => ({ ...NO_TALLY, ...changes });
const answered = (answers: number, serverErrors = 0): Tally => tally({ answers, serverErrors });

/** By adding up whole numbers; the function itself uses logarithms. */
function exactChance(failed: number, requests: number, othersFailed: number, others: number): number {
  const choose = (n: number, k: number): bigint => {
    let result = 1n;
    for (let i = 0; i < k; i++) result = (result * BigInt(n - i)) / BigInt(i + 1);
    return result;
  };
  const [failures, all] = [failed + othersFailed, requests + others];
  let ways = 0n;
  for (let x = failed; x <= Math.min(requests, failures); x++)
    if (requests - x <= all - failures) ways += choose(failures, x) * choose(all - failures, requests - x);
  return Number((ways * 10n ** 18n) / choose(all, requests)) / 1e18;
}

const share = fc.integer({ min: 1, max: 60 }).chain((requests) => fc.integer({ min: 0, max: requests }).map((failed) => ({ failed, requests })));

describe('the chance of a difference', () => {
  it.each([
    // The lady tasting tea: four of four cups right.
    [4, 4, 0, 4, 1 / 70],
    [3, 4, 1, 4, 17 / 70],
    [7, 7, 0, 22, 1 / 1_560_780],
    [0, 5, 0, 20, 1],
  ])('%i of %i against %i of %i', (failed, requests, othersFailed, others, chance) => {
    expect(chanceOf({ failed, requests }, { failed: othersFailed, requests: others })).toBeCloseTo(chance, 9);
  });

  it('is that of the hypergeometric distribution', () => {
    fc.assert(
      fc.property(share, share, (one, others) => {
        expect(chanceOf(one, others)).toBeCloseTo(exactChance(one.failed, one.requests, others.failed, others.requests), 8);
      }),
    );
  });

  it('of large numbers is finite, between 0 and 1, and 1 without a difference', () => {
    expect(chanceOf({ failed: 0, requests: 2_000_000 }, { failed: 0, requests: 8_000_000 })).toBeCloseTo(1, 6);
    expect(chanceOf({ failed: 400_000, requests: 2_000_000 }, { failed: 8_000, requests: 8_000_000 })).toBe(0);
    expect(chanceOf({ failed: 20_000, requests: 2_000_000 }, { failed: 80_000, requests: 8_000_000 })).toBeCloseTo(0.5, 1);
  });
});

describe('the verdict on a canary', () => {
  it.each<[CanaryVerdict, string, Tally, Tally]>([
    ['worse', '500 to all', answered(43, 41), answered(80)],
    ['worse', '500 to all, after a second of 30 req/s', answered(7, 7), answered(22)],
    ['worse', 'hangs', tally({ hung: 8, late: 20 }), answered(100)],
    ['worse', 'resets', tally({ resets: 8 }), answered(100)],
    ['worse', 'half of the requests', answered(40, 20), answered(120, 1)],
    ['suspect', 'few requests prove nothing', answered(3, 3), answered(9)],
    ['suspect', 'nobody to compare with', answered(50, 50), answered(0)],
    ['suspect', 'requests that are late, but may still be answered', tally({ late: 6 }), answered(30)],
    ['unproven', 'no requests', answered(0), answered(30)],
    ['unproven', 'few requests, all well', answered(4), answered(30)],
    ['good', 'all well', answered(5), answered(30)],
    ['good', 'its peers fail as much', answered(40, 40), answered(120, 118)],
    ['good', 'a difference that is sure, and small', answered(100_000, 3_000), answered(300_000, 10)],
    ['good', 'long polls wait everywhere', tally({ late: 9, hung: 9 }), tally({ late: 30, hung: 30 })],
  ])('%s: %s', (verdict, _, canary, peers) => {
    expect(judgeCanary(canary, peers, POLICY, 1)).toBe(verdict);
  });

  const anyTally = fc.record<Tally>({ answers: fc.nat(200), serverErrors: fc.nat(200), resets: fc.nat(20), late: fc.nat(20), hung: fc.nat(20) }).map((one) => ({
    ...one,
    serverErrors: Math.min(one.serverErrors, one.answers),
    hung: Math.min(one.hung, one.late),
  }));

  it('more 5xx never make it look better, nor do more of its peers make it look worse', () => {
    const order: readonly CanaryVerdict[] = ['unproven', 'good', 'suspect', 'worse'];
    fc.assert(
      fc.property(anyTally, anyTally, fc.integer({ min: 1, max: 20 }), (canary, peers, look) => {
        const verdict = judgeCanary(canary, peers, POLICY, look);
        const failing = { ...canary, serverErrors: Math.min(canary.answers, canary.serverErrors + 1) };
        expect(order.indexOf(judgeCanary(failing, peers, POLICY, look))).toBeGreaterThanOrEqual(order.indexOf(verdict));
        const failingPeers = { ...peers, serverErrors: Math.min(peers.answers, peers.serverErrors + 1) };
        expect(order.indexOf(judgeCanary(canary, failingPeers, POLICY, look))).toBeLessThanOrEqual(order.indexOf(verdict));
      }),
    );
  });

  it('never fails it with fewer requests than demanded, nor without a peer that was asked for anything', () => {
    fc.assert(
      fc.property(anyTally, anyTally, (canary, peers) => {
        const few = { ...canary, answers: Math.min(2, canary.answers), serverErrors: Math.min(2, canary.answers), resets: 1, hung: 1 };
        expect(judgeCanary(few, peers, POLICY, 1)).not.toBe('worse');
        expect(judgeCanary(canary, NO_TALLY, POLICY, 1)).not.toBe('worse');
      }),
    );
  });

  /** Over all outcomes of requests that fail with the same probability in canary and peers. */
  it.each([0.01, 0.1, 0.5, 0.9])('is wrong about a good one at most once in a thousand reloads: %f of all requests fail', (rate) => {
    const binomial = (n: number): number[] => {
      let row = [1];
      for (let i = 0; i < n; i++) row = Array.from({ length: row.length + 1 }, (_, k) => (row[k] ?? 0) * (1 - rate) + (row[k - 1] ?? 0) * rate);
      return row;
    };
    for (const [own, others] of [
      [5, 5],
      [7, 22],
      [30, 90],
    ] as const) {
      let wrong = 0;
      binomial(own).forEach((p, failed) =>
        binomial(others).forEach((q, othersFailed) => {
          if (judgeCanary(answered(own, failed), answered(others, othersFailed), POLICY, 1) === 'worse') wrong += p * q;
        }),
      );
      // The first look may use half of the chance.
      expect(wrong).toBeLessThanOrEqual(ERROR_CHANCE / 2);
    }
  });

  it('asks for more evidence with each look, so that all looks together are not wrong more often', () => {
    let sum = 0;
    for (let look = 1; look <= 10_000; look++) sum += ERROR_CHANCE / (look * (look + 1));
    expect(sum).toBeLessThan(ERROR_CHANCE);
    expect(judgeCanary(answered(5, 5), answered(10), POLICY, 1)).toBe('worse');
    expect(judgeCanary(answered(5, 5), answered(10), POLICY, 3)).toBe('suspect');
  });
});

describe('how long it is watched', () => {
  const next = (verdict: CanaryVerdict, readyForMs: number, busy = true): string => nextForCanary(verdict, { readyForMs, monitorMs: 1_000, isBusy: busy });

  it.each<[CanaryVerdict, boolean, number]>([
    ['good', true, 1_000],
    ['unproven', false, 1_000],
    ['unproven', true, 3_000],
    ['suspect', true, 10_000],
    ['suspect', false, 10_000],
  ])('%s, with traffic: %s: %i ms', (verdict, busy, untilMs) => {
    expect([next(verdict, untilMs - 1, busy), next(verdict, untilMs, busy)]).toEqual(['watch', 'pass']);
  });

  it('fails at once', () => {
    expect(next('worse', 10)).toBe('fail');
  });

  it('traffic is what its peers got', () => {
    expect([areEnough(answered(4), POLICY), areEnough(tally({ answers: 3, resets: 2 }), POLICY)]).toEqual([false, true]);
  });

  it('a request hangs when it waits far longer than those of the peers, and never soon after a start', () => {
    expect(patienceOf(1_000, null)).toEqual({ lateMs: 500, hungMs: 5_000 });
    expect(patienceOf(1_000, 900)).toEqual({ lateMs: 1_800, hungMs: 9_000 });
    expect(patienceOf(100, 5)).toEqual({ lateMs: 200, hungMs: 2_000 });
  });
});

it('what happened since, and what waits now', () => {
  const before = tally({ answers: 10, serverErrors: 1, late: 4, hung: 2 });
  expect(tallySince(before, tally({ answers: 15, serverErrors: 3, resets: 1, late: 1, hung: 1 }))).toEqual({
    answers: 5,
    serverErrors: 2,
    resets: 1,
    late: 1,
    hung: 1,
  });
  expect(addTallies(before, tally({ answers: 1, resets: 2 }))).toEqual({ answers: 11, serverErrors: 1, resets: 2, late: 4, hung: 2 });
});

it.each<[Tally, string]>([
  [answered(43, 41), 'answered 41 of 43 requests with 5xx, its peers 0 of 80'],
  [tally({ answers: 1, hung: 7, late: 9 }), 'left 7 of 8 requests without an answer, its peers 0 of 80'],
  [tally({ resets: 6 }), 'reset 6 of 6 requests, its peers 0 of 80'],
  [tally({ answers: 5, serverErrors: 4, hung: 3, resets: 2 }), 'failed 9 of 10 requests (4 with 5xx, 3 without an answer, 2 reset), its peers 0 of 80'],
])('the words for %o', (canary, words) => {
  expect(describeCanary(canary, answered(80))).toBe(words);
});
