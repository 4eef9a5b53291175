import { describe, expect, it } from 'vitest';
import type { AppSpec } from '../../../src/lifecycle/app-spec.ts';
import { changeBalance, changeWeights } from '../../../src/primary/operations/balance-orders.ts';
import type { Pool } from '../../../src/primary/workers/pool.ts';
import { sampleSpec } from '../../lifecycle/sample-spec.ts';

const poolOf = (changes: Partial<AppSpec> = {}): Pool => ({ spec: sampleSpec(changes), wanted: 3 }) as unknown as Pool;

describe('changeBalance', () => {
  it('changes the strategy, and names the previous one', () => {
    const pool = poolOf();
    expect(changeBalance(pool, 'random')).toBe('api now uses random (was round-robin)');
    expect(pool.spec.balance).toBe('random');
    expect(changeBalance(pool, 'random')).toBe('api already uses random');
  });

  it('changes to direct and back, unless an option needs a choice for each connection', () => {
    const pool = poolOf({ weights: [0, 1] });
    changeBalance(pool, 'direct');
    expect(pool.spec.balance).toBe('direct');
    changeBalance(pool, 'ip-hash');
    for (const changes of [{ maxConns: 5 }, { weights: [0.5] }, { slowStartMs: 1 }, { proxyProtocol: { ports: null, from: null } }]) {
      const bound = poolOf(changes);
      expect(() => changeBalance(bound, 'direct')).toThrow(expect.objectContaining({ code: 'LB_ERR_BALANCE' }));
      expect(bound.spec.balance).toBe('round-robin');
    }
  });
});

describe('changeWeights', () => {
  it('changes only the given slots', () => {
    const pool = poolOf({ weights: [5] });
    expect(
      changeWeights(pool, [
        { slot: 2, weight: 0 },
        { slot: 1, weight: 2.5 },
      ]),
    ).toBe('api: slot 2 has weight 0, slot 1 has weight 2.5');
    expect(pool.spec.weights).toEqual([5, 2.5, 0]);
  });

  it.each([
    [
      'a slot that is not there',
      'round-robin',
      [
        { slot: 0, weight: 2 },
        { slot: 3, weight: 1 },
      ],
      'LB_ERR_SLOT',
    ],
    ['to leave nothing', 'round-robin', [0, 1, 2].map((slot) => ({ slot, weight: 0 })), 'LB_ERR_WEIGHT'],
    ['shares with direct', 'direct', [{ slot: 0, weight: 2 }], 'LB_ERR_WEIGHT'],
  ] as const)('refuses %s, and changes nothing', (_, balance, changes, code) => {
    const pool = poolOf({ balance });
    expect(() => changeWeights(pool, changes)).toThrow(expect.objectContaining({ code }));
    expect(pool.spec.weights).toEqual([]);
  });

  it('turns slots off and on with direct', () => {
    const pool = poolOf({ balance: 'direct' });
    changeWeights(pool, [{ slot: 1, weight: 0 }]);
    expect(pool.spec.weights).toEqual([1, 0, 1]);
  });
});
