import { expect, it } from 'vitest';
import { SlotIds } from '../../src/daemon/slot-ids.ts';

it('gives each slot the lowest free id, which it keeps', () => {
  const ids = new SlotIds();
  expect([ids.of('api', 2), ids.of('docs', 1), ids.of('api', 3)]).toEqual([[0, 1], [2], [0, 1, 3]]);
  expect(ids.of('docs', 1)).toEqual([2]);
});

it('frees the ids of slots and apps that are gone', () => {
  const ids = new SlotIds();
  ids.of('api', 3);
  expect([ids.of('api', 1), ids.of('docs', 3)]).toEqual([[0], [1, 2, 3]]);
  ids.forget('api');
  expect([ids.of('mail', 1), ids.of('docs', 3)]).toEqual([[0], [1, 2, 3]]);
});

it('keeps what was saved, but no id twice', () => {
  const ids = new SlotIds();
  ids.restore('api', [4, 1]);
  ids.restore('docs', [0, 1]);
  ids.restore('mail', [7, 7]);
  expect([ids.of('api', 2), ids.of('docs', 2), ids.of('mail', 2)]).toEqual([
    [4, 1],
    [0, 2],
    [7, 3],
  ]);
});
