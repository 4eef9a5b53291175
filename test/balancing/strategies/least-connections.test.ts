import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LeastConnections } from '../../../src/balancing/strategies/least-connections.ts';
import { anyBackends, countPicks, pickTimes, backend, backendsOf, weights } from '../backends.ts';

describe('least-connections', () => {
  it('picks a free one with the fewest connections per weight', () => {
    fc.assert(
      fc.property(fc.array(anyBackends, { maxLength: 10 }), (rounds) => {
        const strategy = new LeastConnections();
        for (const backends of rounds) {
          for (const one of backends) Object.assign(one, { backup: false, full: false });
          const picked = strategy.pick(backends);
          if (picked === null) continue;
          const less = backends.filter(({ free, connections, weight }) => free && connections * picked.weight < picked.connections * weight);
          expect(less).toEqual([]);
        }
      }),
    );
  });

  it('compares fractions: three of weight 3 are as many as one of weight 1', () => {
    const at = (heavy: number, light: number): number | undefined =>
      new LeastConnections().pick([backend(0, { weight: 3, connections: heavy }), backend(1, { connections: light })])?.slot;
    expect([at(2, 1), at(3, 1), at(4, 1)]).toEqual([0, 0, 1]);
  });

  it('fills up by weight when connections stay', () => {
    fc.assert(
      fc.property(weights, (given) => {
        const strategy = new LeastConnections();
        const backends = backendsOf(...given);
        const total = given.reduce((a, b) => a + b, 0);
        for (let i = 0; i < 5 * total; i++) {
          const picked = strategy.pick(backends);
          for (const one of backends) if (one === picked) one.connections++;
        }
        expect(backends.map(({ connections }) => connections)).toEqual(given.map((weight) => 5 * weight));
      }),
    );
  });

  it('takes turns by weight among equals', () => {
    fc.assert(
      fc.property(weights, (given) => {
        const total = given.reduce((a, b) => a + b, 0);
        const counts = countPicks(pickTimes(new LeastConnections(), backendsOf(...given), 20 * total), given.length);
        counts.forEach((count, slot) => expect(Math.abs(count - 20 * (given[slot] ?? 0))).toBeLessThanOrEqual(1));
      }),
    );
  });

  it('takes turns one after the other when all weigh the same', () => {
    const picks = pickTimes(new LeastConnections(), backendsOf(1, 1, 1), 7);
    expect(picks.map((picked) => picked?.slot)).toEqual([0, 1, 2, 0, 1, 2, 0]);
  });

  it('gives one that had no turns for a while, or is new, no more of them than the others', () => {
    const strategy = new LeastConnections();
    const backends = [backend(0, { connections: 1 }), backend(1), backend(2)];
    pickTimes(strategy, backends, 1_000);
    backends[0] = backend(0);
    for (const count of countPicks(pickTimes(strategy, backends, 30), 3)) expect(Math.abs(count - 10)).toBeLessThanOrEqual(1);
  });
});
