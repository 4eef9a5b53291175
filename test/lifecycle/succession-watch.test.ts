import { expect, it } from 'vitest';
import { SuccessionWatch, type SuccessionState } from '../../src/lifecycle/succession-watch.ts';

const state = (change: Partial<SuccessionState> = {}): SuccessionState => ({ stage: 'primaries', answering: 7, successor: 7, now: 0, ...change });

it('is over when the upgrade is done or failed, or another daemon answers', () => {
  for (const change of [{ stage: 'done' }, { stage: 'failed' }, { answering: 8 }] as const)
    expect(new SuccessionWatch(1_000).check(state(change))).toBe('over');
  expect(new SuccessionWatch(1_000).check(state())).toBe('goes-on');
});

it('is over a while after everything was replaced, and not before', () => {
  const watch = new SuccessionWatch(1_000);
  expect(watch.check(state({ now: 50_000 }))).toBe('goes-on');
  expect(watch.check(state({ stage: 'settling', now: 50_000 }))).toBe('goes-on');
  expect(watch.check(state({ stage: 'settling', now: 51_000 }))).toBe('goes-on');
  expect(watch.check(state({ stage: 'settling', now: 51_001 }))).toBe('over');
});

it('finds a daemon silent after twenty checks in a row, however long they take', () => {
  const watch = new SuccessionWatch(1_000);
  const silent = (n: number): string[] => Array.from({ length: n }, (_, index) => watch.check(state({ answering: null, now: index * 3_600_000 })));
  expect(new Set(silent(19))).toEqual(new Set(['goes-on']));
  expect(watch.check(state())).toBe('goes-on');
  expect(silent(20).at(-1)).toBe('silent');
});
