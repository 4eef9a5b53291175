import { expect, it } from 'vitest';
import { OpenEstimate } from '../../../src/primary/workers/open-estimate.ts';

it('never misses a connection that is on its way', () => {
  const open = new OpenEstimate();
  open.handed();
  open.handed();
  expect(open.value).toBe(2);
  // Counted before the second one arrived.
  expect([open.counted({ connections: 1, delivered: 1 }), open.value]).toEqual([false, 2]);
  expect([open.counted({ connections: 0, delivered: 1 }), open.value]).toEqual([true, 1]);
  open.lost();
  expect(open.value).toBe(0);
});
