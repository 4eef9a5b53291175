import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RandomOfTwo } from '../../../src/balancing/strategies/random.ts';
import { xorshift } from '../../../src/balancing/xorshift.ts';
import { countPicks, pickTimes, backend, backendsOf, weights } from '../backends.ts';

describe('random', () => {
  it('has the one with fewer connections per weight of the two it draws', () => {
    const pick = (...connections: readonly number[]): number | undefined =>
      new RandomOfTwo(() => 0).pick([backend(0, { weight: 2, connections: connections[0] ?? 0 }), backend(1, { connections: connections[1] ?? 0 }), backend(2)])
        ?.slot;
    expect([pick(2, 1), pick(3, 1), pick(3, 2)]).toEqual([0, 1, 0]);
  });

  it('draws two different ones: the busiest of all is never picked', () => {
    fc.assert(
      fc.property(weights, fc.integer(), (given, seed) => {
        const backends = [...backendsOf(...given), backend(given.length, { connections: 100, weight: 9 })];
        const counts = countPicks(pickTimes(new RandomOfTwo(xorshift(seed)), backends, 100), backends.length);
        expect(counts.at(-1)).toBe(0);
      }),
    );
  });

  it('draws both by weight', () => {
    // Nobody has connections, so that the first one drawn is picked; then that one is busy, so that the second one is.
    const rounds = 60_000;
    const strategy = new RandomOfTwo(xorshift());
    expect(countPicks(pickTimes(strategy, backendsOf(5, 3, 2), rounds), 3).map((count) => Math.round((10 * count) / rounds))).toEqual([5, 3, 2]);
    const busy = backendsOf(5, 3, 2).map((one) => (one.slot === 0 ? { ...one, connections: 1 } : one));
    // 0 then 1: 0.5 × 3/5; 1 first: 0.3, or drawn second after 2 against a busy 0: never.
    const [none, one = 0, two = 0] = countPicks(pickTimes(strategy, busy, rounds), 3);
    expect(none).toBe(0);
    expect(one / rounds).toBeCloseTo(0.3 + 0.5 * (3 / 5), 1);
    expect(two / rounds).toBeCloseTo(0.2 + 0.5 * (2 / 5), 1);
  });

  it('keeps connections that stay far more even than chance alone', () => {
    const strategy = new RandomOfTwo(xorshift());
    const backends = backendsOf(...new Array<number>(16).fill(1));
    for (let i = 0; i < 16_000; i++) {
      const picked = strategy.pick(backends);
      for (const one of backends) if (one === picked) one.connections++;
    }
    // By chance alone the fullest of them would have about 60 more than 1,000.
    expect(Math.max(...backends.map(({ connections }) => connections))).toBeLessThan(1_000 + 10);
  });

  it('has room for more backends than before', () => {
    const strategy = new RandomOfTwo(xorshift());
    pickTimes(strategy, backendsOf(1, 1), 10);
    const counts = countPicks(pickTimes(strategy, backendsOf(...new Array<number>(200).fill(1)), 20_000), 200);
    expect(Math.min(...counts)).toBeGreaterThan(50);
  });
});
