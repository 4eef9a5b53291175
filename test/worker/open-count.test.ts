import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { OpenCount } from '../../src/protocol/worker.ts';
import { OpenCounter } from '../../src/worker/open-count.ts';

let open: OpenCount;
let looks: number;
let sent: OpenCount[];
let counter: OpenCounter;
beforeEach(() => {
  vi.useFakeTimers();
  open = { connections: 0, delivered: 0, accepted: 0 };
  looks = 0;
  sent = [];
  counter = new OpenCounter(
    () => (looks++, open),
    (count) => sent.push(count),
  );
});
afterEach(() => {
  vi.useRealTimers();
});

const deliver = (connections: number): void => {
  open = { connections, delivered: open.delivered + 1, accepted: 0 };
  counter.delivered();
};

it('reports all changes within 10 ms together', () => {
  counter.turn(true);
  for (const n of [1, 2, 3]) deliver(n);
  vi.advanceTimersByTime(9);
  expect(sent).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(sent).toEqual([{ connections: 3, delivered: 3, accepted: 0 }]);
});

it('reports closed connections, which it finds by polling', () => {
  counter.turn(true);
  deliver(1);
  vi.advanceTimersByTime(10);
  open = { ...open, connections: 0 };
  vi.advanceTimersByTime(10);
  expect(sent.at(-1)).toEqual({ connections: 0, delivered: 1, accepted: 0 });
  expect(vi.getTimerCount()).toBe(0);
});

it('polls less and less often without changes, and soon again after one', () => {
  counter.turn(true);
  deliver(1);
  vi.advanceTimersByTime(10_000);
  expect(looks).toBeLessThan(75);
  expect(sent).toHaveLength(1);
  deliver(2);
  vi.advanceTimersByTime(10);
  expect(sent.at(-1)).toEqual({ connections: 2, delivered: 2, accepted: 0 });
});

it('reports nothing before it is turned on or after it is turned off', () => {
  deliver(1);
  vi.advanceTimersByTime(1_000);
  expect([looks, vi.getTimerCount()]).toEqual([0, 0]);
  counter.turn(true);
  vi.advanceTimersByTime(10);
  expect(sent).toEqual([{ connections: 1, delivered: 1, accepted: 0 }]);
  counter.turn(false);
  deliver(2);
  vi.advanceTimersByTime(1_000);
  expect([sent.length, vi.getTimerCount()]).toEqual([1, 0]);
});

it('counts for a while although it is not turned on', () => {
  counter.countFor(2_000);
  deliver(1);
  vi.advanceTimersByTime(10);
  expect(sent).toEqual([{ connections: 1, delivered: 1, accepted: 0 }]);
  vi.advanceTimersByTime(2_500);
  deliver(2);
  vi.advanceTimersByTime(1_000);
  expect(sent).toHaveLength(1);
  expect(vi.getTimerCount()).toBe(0);
});
