import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { spreadKept, type Holder } from '../../src/balancing/spread.ts';
import { RoundRobin } from '../../src/balancing/strategies/round-robin.ts';

const alike = (...kept: readonly number[]): Holder[] => kept.map((n) => ({ weight: 1, kept: n }));
const sum = (numbers: readonly number[]): number => numbers.reduce((total, n) => total + n, 0);

describe('spreadKept', () => {
  it.each<[string, Holder[], boolean, number[]]>([
    ['what is above the fair share', alike(8, 0), false, [4, 0]],
    ['each of several', alike(6, 6, 0, 0), false, [3, 3, 0, 0]],
    [
      'by weight',
      [
        { weight: 3, kept: 8 },
        { weight: 1, kept: 0 },
      ],
      false,
      [2, 0],
    ],
    ['a bounded part of many', alike(160, 0), false, [20, 0]],
    ['and no more than so many', alike(10_000, 10_000, 0), false, [100, 100, 0]],
    ['nothing for few connections', alike(3, 0), false, [0, 0]],
    ['nothing for a small difference', alike(100, 70), false, [0, 0]],
    ['a small difference, once begun', alike(100, 70), true, [15, 0]],
    ['a worker without any beside many', alike(...new Array<number>(10).fill(11), 0), false, [...new Array<number>(10).fill(1), 0]],
    ['a single one, once begun', alike(5, 3), true, [1, 0]],
    ['nothing for less than one', alike(3, 2), true, [0, 0]],
    ['nothing when nobody has one too many', alike(...new Array<number>(10).fill(11), 8), true, new Array<number>(11).fill(0)],
    ['nothing without another worker', alike(50), false, [0]],
  ])('%s', (_, holders, begun, ends) => {
    expect(spreadKept(holders, begun)).toEqual(ends);
  });

  const holders = fc.array(fc.record({ weight: fc.double({ min: 0.1, max: 256, noNaN: true }), kept: fc.integer({ min: 0, max: 20_000 }) }), {
    minLength: 1,
    maxLength: 32,
  });

  it('takes no worker below its fair share, and ends a bounded part in a round', () => {
    fc.assert(
      fc.property(holders, fc.boolean(), (all, begun) => {
        const kept = sum(all.map((one) => one.kept));
        const weights = sum(all.map(({ weight }) => weight));
        const ends = spreadKept(all, begun);
        expect(ends).toHaveLength(all.length);
        ends.forEach((n, i) => {
          const one = all[i] as Holder;
          expect(Number.isInteger(n) && n >= 0).toBe(true);
          if (n > 0) expect(one.kept - n).toBeGreaterThanOrEqual((kept * one.weight) / weights - 1e-3);
        });
        expect(sum(ends)).toBeLessThanOrEqual(Math.min(200, Math.max(8, kept / 8)));
      }),
    );
  });

  it('leaves workers alone that have their shares', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 16 }), { minLength: 1, maxLength: 16 }),
        fc.integer({ min: 0, max: 500 }),
        fc.boolean(),
        (weights, each, begun) => {
          const ends = spreadKept(
            weights.map((weight) => ({ weight, kept: weight * each })),
            begun,
          );
          expect(sum(ends)).toBe(0);
        },
      ),
    );
  });

  /** Every client whose connection ended connects again at once, and gets the next worker in turn. */
  function untilSpread(all: readonly Holder[]): { readonly rounds: number; readonly ended: number; readonly kept: readonly number[] } {
    const backends = all.map(({ weight, kept }, slot) => ({ slot, weight, kept, connections: 0, free: true, full: false, backup: false, credit: 0 }));
    const turns = new RoundRobin();
    for (let rounds = 0, ended = 0; ; rounds++) {
      const ends = spreadKept(backends, rounds > 0);
      if (sum(ends) === 0 || rounds > 1_000) return { rounds, ended, kept: backends.map(({ kept }) => kept) };
      ends.forEach((n, i) => ((backends[i] as (typeof backends)[number]).kept -= n));
      for (let n = sum(ends); n > 0; n--) {
        const backend = turns.pick(backends);
        if (backend !== null) backend.kept++;
      }
      ended += sum(ends);
    }
  }

  it('comes to an end with round-robin, near the fair shares and within the bound', () => {
    const busy = fc.array(fc.integer({ min: 0, max: 2_000 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(busy, fc.integer({ min: 1, max: 8 }), (olds, news) => {
        const all = alike(...olds, ...new Array<number>(news).fill(0));
        const { rounds, ended, kept } = untilSpread(all);
        const fair = sum(kept) / kept.length;
        if (rounds === 0) return;
        const isNear = kept.every((n) => Math.abs(n - fair) <= Math.max(1, fair * 0.1));
        const hasNobodyTooMany = kept.every((n) => n - fair < 1);
        expect(isNear || hasNobodyTooMany, `${kept.join(' ')}, fair ${fair}`).toBe(true);
        expect(ended, 'nobody connects again more than once on average').toBeLessThanOrEqual(sum(kept));
      }),
    );
  });

  it('eight clients of one worker are shared by two after three rounds', () => {
    expect(untilSpread(alike(8, 0))).toMatchObject({ kept: [4, 4] });
    expect(untilSpread(alike(8, 0)).rounds).toBeLessThanOrEqual(4);
  });
});
