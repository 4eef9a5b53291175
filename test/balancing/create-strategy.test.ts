import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createStrategy } from '../../src/balancing/create-strategy.ts';
import { HAND_OFF_STRATEGIES, STRATEGIES } from '../../src/lifecycle/balance-strategy.ts';
import { anyBackends, countPicks, pickTimes, backend, backendsOf, type TestBackend } from './backends.ts';

const uint32 = fc.nat(2 ** 32 - 1);

/** The backends of which one must be picked. */
function allowed(backends: readonly TestBackend[], sticky: boolean): TestBackend[] {
  const open = backends.filter(({ full }) => !full);
  const regular = open.filter(({ backup }) => !backup);
  return (regular.length > 0 ? regular : open).filter(({ free }) => sticky || free);
}

describe.each(HAND_OFF_STRATEGIES)('%s', (name) => {
  it('picks one of those that may be picked, whenever there is one, whatever was before', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(anyBackends, uint32), { minLength: 1, maxLength: 20 }), (rounds) => {
        const strategy = createStrategy(name);
        for (const [backends, clientHash] of rounds) {
          const picked = strategy.pick(backends, clientHash);
          const candidates = allowed(backends, STRATEGIES[name].sticky);
          if (candidates.length === 0) expect(picked).toBeNull();
          else expect(candidates).toContain(picked);
        }
      }),
    );
  });

  it('waits for a worker that is not free, instead of going to a backup', () => {
    const backup = backend(1, { backup: true });
    const strategy = createStrategy(name);
    expect(strategy.pick([backend(0, { free: false }), backup], 7)).not.toBe(backup);
    expect(strategy.pick([backend(0, { full: true }), backup], 7)).toBe(backup);
  });

  it('has nobody to pick when nobody is there', () => {
    expect(createStrategy(name).pick([], 1)).toBeNull();
  });
});

describe('createStrategy', () => {
  it('makes strategies that do not share their turns', () => {
    const [one, other] = [createStrategy('least-connections'), createStrategy('least-connections')];
    const order = (strategy: typeof one): (number | undefined)[] => pickTimes(strategy, backendsOf(2, 1, 1), 7).map((picked) => picked?.slot);
    expect(order(one)).toEqual(order(other));
  });

  it('takes chance from its caller', () => {
    const always = (value: number): number[] =>
      countPicks(
        pickTimes(
          createStrategy('random', () => value),
          backendsOf(1, 1, 1),
          3,
        ),
        3,
      );
    expect([always(0), always(0.999)]).toEqual([
      [3, 0, 0],
      [0, 0, 3],
    ]);
  });
});
