import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RoundRobin } from '../../../src/balancing/strategies/round-robin.ts';
import { countPicks, pickTimes, backend, backendsOf, weights, type TestBackend } from '../backends.ts';

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);
const freeAll = (backends: readonly TestBackend[]): void => backends.forEach((one) => (one.free = true));

/** Picks with backends that are free as `free` says at each time; how often each slot was picked. */
function run(strategy: RoundRobin, backends: readonly TestBackend[], free: readonly (readonly boolean[])[]): number[] {
  const picks = free.map((now) => {
    backends.forEach((one, index) => (one.free = now[index] ?? true));
    return strategy.pick(backends);
  });
  return countPicks(picks, backends.length);
}

describe('round-robin', () => {
  it('spreads the turns of a heavy backend, as nginx does', () => {
    const picks = pickTimes(new RoundRobin(), backendsOf(5, 1, 1), 7);
    expect(picks.map((picked) => 'abc'[picked?.slot ?? 9])).toEqual('aabacaa'.split(''));
  });

  it('has exact counts in every window of the total weight', () => {
    fc.assert(
      fc.property(weights, (given) => {
        const total = sum(given);
        const picks = pickTimes(new RoundRobin(), backendsOf(...given), 3 * total);
        for (let from = 0; from <= 2 * total; from++) expect(countPicks(picks.slice(from, from + total), given.length)).toEqual(given);
      }),
    );
  });

  it('gives shares by fractional weights, as in slow start', () => {
    expect(countPicks(pickTimes(new RoundRobin(), backendsOf(1, 0.1, 0.9), 2_000), 3)).toEqual([1_000, 100, 900]);
  });

  it('stays exact over bursts: who was not free catches up, and picks of nobody cost nobody', () => {
    const busy = fc.array(fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }), { maxLength: 8 });
    fc.assert(
      fc.property(fc.tuple(...[1, 2, 3, 4].map((max) => fc.integer({ min: 1, max }))), busy, (given, free) => {
        const strategy = new RoundRobin();
        const backends = backendsOf(...given);
        const during = run(strategy, backends, free);
        freeAll(backends);
        const calm = countPicks(pickTimes(strategy, backends, 200), 4);
        const counts = calm.map((count, slot) => count + (during[slot] ?? 0));
        const share = sum(counts) / sum(given);
        counts.forEach((count, slot) => expect(Math.abs(count - share * (given[slot] ?? 0))).toBeLessThan(1));
      }),
    );
  });

  it('does not flood a worker that was blocked for long: it catches up with eight connections', () => {
    const strategy = new RoundRobin();
    const backends = backendsOf(1, 1, 1, 1);
    run(
      strategy,
      backends,
      Array.from({ length: 10_000 }, () => [false]),
    );
    freeAll(backends);
    const [blocked = 0] = countPicks(pickTimes(strategy, backends, 400), 4);
    expect(blocked).toBeGreaterThan(100 + 4);
    expect(blocked).toBeLessThanOrEqual(100 + 8);
  });

  it('does not flood anybody when all but one were blocked', () => {
    const strategy = new RoundRobin();
    const backends = backendsOf(...new Array<number>(32).fill(1));
    run(
      strategy,
      backends,
      Array.from({ length: 10_000 }, () => backends.map(({ slot }) => slot === 31)),
    );
    freeAll(backends);
    const counts = countPicks(pickTimes(strategy, backends, 32 * 20), 32);
    expect(Math.max(...counts)).toBeLessThanOrEqual(20 + 8);
  });

  it('starts a new worker at par, however many left with turns to catch up with', () => {
    const strategy = new RoundRobin();
    let backends = backendsOf(1, 1, 1, 1);
    for (let i = 0; i < 50; i++) {
      run(
        strategy,
        backends,
        Array.from({ length: 100 }, () => [false]),
      );
      backends = [backend(0), ...backends.slice(1)];
    }
    const [fresh = 0] = countPicks(pickTimes(strategy, backends, 400), 4);
    expect(Math.abs(fresh - 100)).toBeLessThanOrEqual(4);
  });

  it('gives a full backend nothing to catch up with', () => {
    const strategy = new RoundRobin();
    const backends = [backend(0, { full: true }), backend(1), backend(2)];
    pickTimes(strategy, backends, 300);
    for (const one of backends) one.full = false;
    expect(countPicks(pickTimes(strategy, backends, 30), 3)).toEqual([10, 10, 10]);
  });

  it('floods nobody, whatever came, went, was full or blocked before', () => {
    const happening = fc.record({
      backend: fc.nat(5),
      times: fc.nat(60),
      free: fc.boolean(),
      full: fc.boolean(),
      weight: fc.integer({ min: 1, max: 200 }),
      isNew: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(happening, { maxLength: 40 }), (past) => {
        const strategy = new RoundRobin();
        const backends = backendsOf(1, 2, 3, 4, 5, 6);
        for (const { backend: slot, times, free, full, weight, isNew } of past) {
          const old = backends[slot];
          if (old !== undefined) backends[slot] = isNew ? backend(slot, { weight, free, full }) : Object.assign(old, { weight, free, full });
          pickTimes(strategy, backends, times);
        }
        for (const one of backends) Object.assign(one, { free: true, full: false });
        const total = sum(backends.map(({ weight }) => weight));
        const counts = countPicks(pickTimes(strategy, backends, 4 * total), 6);
        counts.forEach((count, slot) => expect(count - 4 * (backends[slot]?.weight ?? 0)).toBeLessThanOrEqual(8 + 4));
      }),
    );
  });
});
