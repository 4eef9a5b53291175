import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ahead, type AcceptorLoad } from '../../src/balancing/ahead.ts';

const worker = (connections: number, utilization = 0.5, paused = false): AcceptorLoad => ({ connections, utilization, paused });

describe('a worker that accepts for itself', () => {
  it('pauses with far more connections than its peers, and goes on when they have caught up', () => {
    expect(ahead([worker(100), worker(100), worker(166)])).toEqual([false, false, false]);
    expect(ahead([worker(100), worker(100), worker(167)])).toEqual([false, false, true]);
    expect(ahead([worker(100), worker(100), worker(125, 0.5, true)])).toEqual([false, false, true]);
    expect(ahead([worker(100), worker(100), worker(124, 0.5, true)])).toEqual([false, false, false]);
  });

  it('pauses with a far busier event loop than its peers, and goes on when it is less busy, or they are as busy', () => {
    expect(ahead([worker(1, 0.6), worker(1, 0.95)])).toEqual([false, true]);
    expect(ahead([worker(1, 0.7), worker(1, 0.95)])).toEqual([false, false]);
    expect(ahead([worker(1, 0.3), worker(1, 0.85)])).toEqual([false, false]);
    expect(ahead([worker(1, 0.8), worker(1, 0.95, true)])).toEqual([false, true]);
    expect(ahead([worker(1, 0.9), worker(1, 0.95, true)])).toEqual([false, false]);
    expect(ahead([worker(1, 0.3), worker(1, 0.85, true)])).toEqual([false, false]);
  });

  it('of few connections each, none pauses', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 16 }), { minLength: 1, maxLength: 64 }), (counts) => {
        expect(ahead(counts.map((count) => worker(count)))).not.toContain(true);
      }),
    );
  });

  it('of all of them, at least one accepts: the one with the fewest connections does if the others pause', () => {
    const load = fc.record({ connections: fc.nat(10_000), utilization: fc.double({ min: 0, max: 1, noNaN: true }), paused: fc.boolean() });
    fc.assert(
      fc.property(fc.array(load, { minLength: 1, maxLength: 64 }), (workers) => {
        expect(ahead(workers)).toContain(false);
      }),
    );
    expect(ahead([worker(10, 0.95), worker(100, 0.1)])).toEqual([false, true]);
    expect(ahead([])).toEqual([]);
  });

  it('the numbers of connections converge: arrivals go to whoever accepts', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(2_000), { minLength: 2, maxLength: 8 }), (start) => {
        let workers = start.map((count) => worker(count));
        for (let round = 0; round < 400; round++) {
          const pausing = ahead(workers);
          const accepting = pausing.filter((paused) => !paused).length;
          workers = workers.map(({ connections }, index) => worker(connections + (pausing[index] === true ? 0 : 100 / accepting), 0.5, pausing[index]));
        }
        const counts = workers.map(({ connections }) => connections);
        expect(Math.max(...counts)).toBeLessThanOrEqual(1.5 * (counts.reduce((sum, count) => sum + count, 0) / counts.length) + 116);
      }),
    );
  });
});
