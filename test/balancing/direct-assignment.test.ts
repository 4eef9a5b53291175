import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assignSockets, type DirectWorker } from '../../src/balancing/direct-assignment.ts';

const worker = (slot: number, change: Partial<DirectWorker> = {}): DirectWorker => ({ id: slot + 10, slot, backup: false, ...change });
const slots = (...numbers: readonly number[]): DirectWorker[] => numbers.map((slot) => worker(slot));

/** Some of the slots below a number of sockets, at least one. */
const partial = fc.integer({ min: 1, max: 24 }).chain((count) =>
  fc.record({
    count: fc.constant(count),
    serving: fc.subarray(
      Array.from({ length: count }, (_, slot) => slot),
      { minLength: 1 },
    ),
  }),
);

describe('assignSockets', () => {
  it('gives each slot its own socket, to the old and the new worker', () => {
    expect(assignSockets(3, [...slots(0, 1, 2), worker(1, { id: 99 })], false)).toEqual([[10], [11, 99], [12]]);
  });

  it('lets everybody who serves accept from a shared socket', () => {
    expect(assignSockets(1, [...slots(0, 1), worker(3, { backup: true })], true)).toEqual([[10, 11]]);
  });

  it('leaves the connections in the kernel when nobody serves', () => {
    expect(assignSockets(2, [], false)).toEqual([[], []]);
    expect(assignSockets(1, [], true)).toEqual([[]]);
  });

  it('uses backups when no other serves, and not before', () => {
    const backups = [worker(1, { backup: true }), worker(2, { backup: true })];
    expect(assignSockets(3, [worker(0), ...backups], false)).toEqual([[10], [10], [10]]);
    const [orphan, ...own] = assignSockets(3, backups, false);
    expect(own).toEqual([[11], [12]]);
    expect([[11], [12]]).toContainEqual(orphan);
  });

  it('asks a slot without a socket of its own first', () => {
    expect(assignSockets(3, slots(0, 1, 7), false)).toEqual([[10], [11], [17]]);
    expect(assignSockets(2, slots(0, 1, 7), false)).toEqual([[10], [11]]);
  });

  it('has an orphan accepted by one worker, and by the new one once the old one is gone', () => {
    const old = worker(0);
    const fresh = worker(0, { id: 99 });
    expect(assignSockets(2, [old, fresh], false)).toEqual([[10, 99], [10]]);
    expect(assignSockets(2, [fresh], false)).toEqual([[99], [99]]);
  });

  it('covers every socket when anyone serves, and nobody has two more than another', () => {
    fc.assert(
      fc.property(partial, ({ count, serving }) => {
        const assigned = assignSockets(count, slots(...serving), false);
        expect(assigned.map((ids) => ids.length)).toEqual(Array.from({ length: count }, () => 1));
        const loads = serving.map((slot) => assigned.filter((ids) => ids[0] === slot + 10).length);
        expect(Math.max(...loads) - Math.min(...loads)).toBeLessThanOrEqual(1);
        for (const slot of serving) expect(assigned[slot]).toEqual([slot + 10]);
      }),
    );
  });

  it('does not depend on the order of the workers', () => {
    fc.assert(
      fc.property(partial, ({ count, serving }) => {
        expect(assignSockets(count, slots(...serving.toReversed()), false)).toEqual(assignSockets(count, slots(...serving), false));
      }),
    );
  });

  it('moves few sockets besides those of a slot that goes', () => {
    let moved = 0;
    let needed = 0;
    for (let count = 2; count <= 16; count++) {
      for (let serving = 2; serving <= count; serving++) {
        const all = Array.from({ length: serving }, (_, slot) => slot);
        for (const gone of all) {
          const before = assignSockets(count, slots(...all), false);
          const after = assignSockets(count, slots(...all.filter((slot) => slot !== gone)), false);
          moved += before.filter(([id], socket) => id !== after[socket]?.[0]).length;
          needed += before.filter(([id]) => id === gone + 10).length;
        }
      }
    }
    expect(moved / needed).toBeLessThan(1.2);
  });
});
