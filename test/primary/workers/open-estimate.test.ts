import { expect, it } from 'vitest';
import { OpenEstimate } from '../../../src/primary/workers/open-estimate.ts';

it('includes connections in transit', () => {
  const open = new OpenEstimate();
  open.handed();
  open.handed();
  expect(open.value).toBe(2);
  // This count was taken before the second connection arrived.
  expect([open.counted({ connections: 1, delivered: 1, accepted: 0 }), open.value]).toEqual([false, 2]);
  expect([open.counted({ connections: 0, delivered: 1, accepted: 0 }), open.value]).toEqual([true, 1]);
  open.lost();
  expect(open.value).toBe(0);
});
