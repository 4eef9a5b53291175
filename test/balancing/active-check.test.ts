import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { afterCheck, nextCheckAt, NO_CHECKS, type CheckResult, type CheckState } from '../../src/balancing/active-check.ts';

const policy = { intervalMs: 2_000, fall: 3, rise: 2 };
const results = (marks: string): CheckResult[] =>
  [...marks].map((mark) => (mark === '+' ? { ok: true, tookMs: 1 } : { ok: false, reason: `status 50${mark}` }));
const after = (marks: string): CheckState => results(marks).reduce((state, result, at) => afterCheck(state, result, policy, at), NO_CHECKS);

describe('afterCheck', () => {
  it.each([
    ['', 'new'],
    ['333333', 'new'],
    ['+', 'up'],
    ['3+', 'up'],
    ['+33', 'up'],
    ['+333', 'down'],
    ['+33+33', 'up'],
    ['+333+', 'down'],
    ['+333++', 'up'],
    ['+333+3+', 'down'],
    ['+333+3++', 'up'],
  ])('%s is %s', (marks, verdict) => {
    expect(after(marks).verdict).toBe(verdict);
  });

  it('goes down exactly after `fall` failures in a row and up after `rise` successes, whatever came before', () => {
    const mark = fc.boolean();
    fc.assert(
      fc.property(fc.array(mark, { maxLength: 60 }), fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 }), (marks, fall, rise) => {
        let state = afterCheck(NO_CHECKS, { ok: true, tookMs: 1 }, { fall, rise }, 0);
        const seen = [true];
        for (const ok of marks) {
          const before = state.verdict;
          state = afterCheck(state, ok ? { ok, tookMs: 1 } : { ok, reason: 'no' }, { fall, rise }, 0);
          seen.push(ok);
          const needed = before === 'up' ? fall : rise;
          const against = seen.length >= needed && seen.slice(-needed).every((one) => one === (before === 'down'));
          // Those before the last change of the verdict never count against the new one: they are of the other kind.
          expect(state.verdict !== before).toBe(against);
        }
        expect([state.passed, state.failed]).toEqual([seen.filter(Boolean).length, seen.filter((one) => !one).length]);
      }),
    );
  });

  it('remembers the last result and the last five failures', () => {
    const state = after('+0123+456+');
    expect(state.lastFailures.map(({ reason, at }) => `${reason} at ${at}`)).toEqual([
      'status 502 at 3',
      'status 503 at 4',
      'status 504 at 6',
      'status 505 at 7',
      'status 506 at 8',
    ]);
    expect(state.last).toEqual({ ok: true, tookMs: 1, at: 9 });
  });
});

describe('nextCheckAt', () => {
  it('asks a worker that has not passed yet at least twice a second', () => {
    expect(nextCheckAt(NO_CHECKS, policy, 0, 10_000)).toBe(10_500);
    expect(nextCheckAt(NO_CHECKS, { intervalMs: 200 }, 0, 10_000)).toBe(10_100);
  });

  it('asks twice as often while the verdict is about to change', () => {
    for (const marks of ['+3', '+333+']) expect(nextCheckAt(after(marks), policy, 3, 10_000)).toBe(11_000);
  });

  it('gives each slot its own moment of the interval, and keeps it', () => {
    const slots = [...Array(8).keys()];
    const moments = slots.map((slot) => nextCheckAt(after('+'), policy, slot, 10_123));
    for (const [slot, at] of moments.entries()) {
      expect(at - 10_123).toBeGreaterThanOrEqual(1_000);
      expect(at - 10_123).toBeLessThan(3_000);
      expect(nextCheckAt(after('+'), policy, slot, at)).toBeCloseTo(at + 2_000);
    }
    const around = moments.map((at) => at % 2_000).sort((a, b) => a - b);
    const gaps = around.map((at, i) => (around[i + 1] ?? (around[0] ?? 0) + 2_000) - at);
    expect(Math.min(...gaps)).toBeGreaterThan(2_000 / 8 / 2);
  });
});
