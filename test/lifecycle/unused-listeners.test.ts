import { expect, it } from 'vitest';
import { UNUSED_GRACE_MS, unusedListeners } from '../../src/lifecycle/unused-listeners.ts';

it('a listener is due when it has been unused for the grace, counted from when the workers are settled', () => {
  const starting = unusedListeners(new Map([['a', 0]]), ['a'], false, 5_000);
  expect(starting).toEqual({ since: new Map(), due: [], wakeInMs: null });
  const first = unusedListeners(starting.since, ['a'], true, 6_000);
  expect(first).toEqual({ since: new Map([['a', 6_000]]), due: [], wakeInMs: UNUSED_GRACE_MS });
  const second = unusedListeners(first.since, ['a', 'b'], true, 9_000);
  expect(second.wakeInMs).toBe(UNUSED_GRACE_MS - 3_000);
  expect(unusedListeners(second.since, ['a', 'b'], true, 6_000 + UNUSED_GRACE_MS)).toEqual({ since: new Map([['b', 9_000]]), due: ['a'], wakeInMs: 3_000 });
});

it('one that is used again begins anew', () => {
  const used = unusedListeners(new Map([['a', 0]]), [], true, 9_999);
  expect(used).toEqual({ since: new Map(), due: [], wakeInMs: null });
  expect(unusedListeners(used.since, ['a'], true, 10_000).due).toEqual([]);
});
