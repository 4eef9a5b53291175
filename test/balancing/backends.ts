import fc from 'fast-check';
import type { Backend, Strategy } from '../../src/balancing/strategy.ts';

/** A backend whose state a test sets. */
export type TestBackend = { -readonly [K in keyof Backend]: Backend[K] };

export function backend(slot: number, state: Partial<TestBackend> = {}): TestBackend {
  return { slot, weight: 1, connections: 0, free: true, full: false, backup: false, credit: 0, ...state };
}

/** One backend per weight. */
export const backendsOf = (...weights: readonly number[]): TestBackend[] => weights.map((weight, slot) => backend(slot, { weight }));

/** How often each slot was picked. */
export function countPicks(picks: readonly (Backend | null)[], slots: number): number[] {
  const counts = new Array<number>(slots).fill(0);
  for (const picked of picks) if (picked !== null) counts[picked.slot] = (counts[picked.slot] ?? 0) + 1;
  return counts;
}

/** Picks so often in a row, of connections that end at once. */
export const pickTimes = (strategy: Strategy, backends: readonly Backend[], times: number): (Backend | null)[] =>
  Array.from({ length: times }, () => strategy.pick(backends, 0));

export const weights = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 10 });

const backendState = fc.record({
  weight: fc.oneof(fc.integer({ min: 1, max: 9 }), fc.double({ min: 0.05, max: 9, noNaN: true })),
  connections: fc.nat(5),
  free: fc.boolean(),
  full: fc.boolean(),
  backup: fc.boolean(),
});

/** Backends in any state. */
export const anyBackends = fc.array(backendState, { maxLength: 12 }).map((states) => states.map((state, slot) => backend(slot, state)));
