import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { HookQueue } from '../../../src/daemon/hooks/hook-queue.ts';
import type { Hook } from '../../../src/daemon/hooks/hook-failures.ts';
import { makeEvent, type LbEvent } from '../../../src/protocol/event.ts';

const event = (id: number): LbEvent => ({ id, ...makeEvent('api', id, 'eject', `event ${id}`) });

let failures: string[];
let called: number[];
let outcome: (event: LbEvent) => Promise<void>;
let queue: HookQueue;
let hook: Hook;

beforeEach(() => {
  vi.useFakeTimers();
  [failures, called, hook] = [[], [], { id: '1', name: 'it' }];
  outcome = () => Promise.resolve();
  queue = new HookQueue({
    hook: () => hook,
    call: (one) => {
      called.push(one.id);
      return outcome(one);
    },
    failed: (message) => failures.push(message),
  });
});
afterEach(() => {
  queue.close();
  vi.useRealTimers();
});

const add = (from: number, to: number): void => {
  for (let id = from; id <= to; id++) queue.add(event(id));
};

describe('the queue of a hook', () => {
  it('gives it every event once', async () => {
    add(1, 20);
    await queue.settled();
    expect(called).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
    expect(failures).toEqual([]);
  });

  it('tries three times, with growing pauses', async () => {
    outcome = () => Promise.reject(new Error('status 500'));
    add(1, 1);
    await vi.advanceTimersByTimeAsync(0);
    expect(called).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(called).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(4_999);
    expect(failures).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(failures).toEqual(['it: 1 event could not be delivered in 3 tries (status 500)']);
    await vi.advanceTimersByTimeAsync(100_000);
    expect(called).toEqual([1, 1, 1]);
  });

  it('reports as many tries as there were', async () => {
    const eager = new HookQueue({
      hook: () => hook,
      call: () => Promise.reject(new Error('refused')),
      failed: (message) => failures.push(message),
      retryDelaysMs: [],
    });
    eager.add(event(1));
    await vi.advanceTimersByTimeAsync(0);
    expect(failures).toEqual(['it: 1 event could not be delivered in 1 try (refused)']);
    eager.close();
  });

  it('is content when a later try succeeds', async () => {
    outcome = () => (called.length < 3 ? Promise.reject(new Error('not yet')) : Promise.resolve());
    add(1, 1);
    await vi.advanceTimersByTimeAsync(10_000);
    expect([called, failures]).toEqual([[1, 1, 1], []]);
  });

  it('has four under way at most, and leaves the oldest out when more than a hundred wait', async () => {
    outcome = () => new Promise(() => {});
    add(1, 1_000);
    expect(called).toEqual([1, 2, 3, 4]);
    expect(failures).toEqual(['it: 1 event dropped because too many were waiting']);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(failures.slice(1)).toEqual(['it: 895 events dropped because too many were waiting']);
    await vi.advanceTimersByTimeAsync(600_000);
    expect(failures).toHaveLength(2);
  });

  it('tells of a burst of failures twice, not once per event', async () => {
    outcome = () => Promise.reject(new Error('refused'));
    add(1, 50);
    await vi.advanceTimersByTimeAsync(300_000);
    expect(called).toHaveLength(150);
    expect(failures).toHaveLength(3);
    expect(failures[0]).toBe('it: 1 event could not be delivered in 3 tries (refused)');
  });

  it('begins a new burst when it is defined anew, after what was left to tell of the old one', async () => {
    outcome = () => Promise.reject(new Error('refused'));
    add(1, 3);
    await vi.advanceTimersByTimeAsync(10_000);
    hook = { id: '2', name: 'the new one' };
    outcome = () => Promise.reject(new Error('exit code 2'));
    add(4, 5);
    await vi.advanceTimersByTimeAsync(6_000);
    expect(failures).toEqual([
      'it: 1 event could not be delivered in 3 tries (refused)',
      'it: 2 events could not be delivered in 3 tries (refused)',
      'the new one: 1 event could not be delivered in 3 tries (exit code 2)',
    ]);
  });

  it('tells reasons apart, and at its end what it had not told yet', async () => {
    outcome = ({ id }) => Promise.reject(new Error(id < 4 ? 'status 500' : `status ${id}`));
    add(1, 8);
    await vi.advanceTimersByTimeAsync(20_000);
    queue.close();
    expect(failures.slice(1)).toEqual(['it: 7 events could not be delivered in 3 tries (2 × status 500, 1 × status 4, 1 × status 5, 3 × other reasons)']);
    await vi.advanceTimersByTimeAsync(600_000);
    expect(failures).toHaveLength(2);
  });

  it('tries nothing more when it is closed', async () => {
    outcome = () => Promise.reject(new Error('no'));
    add(1, 10);
    await vi.advanceTimersByTimeAsync(0);
    queue.close();
    await vi.advanceTimersByTimeAsync(60_000);
    expect([called.length, failures]).toEqual([4, ['it: 10 events not delivered before the daemon ended']]);
  });

  it('does not try again what is given up because it is closed', async () => {
    let giveUp: (error: Error) => void = () => {};
    outcome = () => new Promise((_, reject) => (giveUp = reject));
    add(1, 1);
    queue.close();
    giveUp(new Error('the daemon ended'));
    await vi.advanceTimersByTimeAsync(60_000);
    expect([called, failures]).toEqual([[1], ['it: 1 event not delivered before the daemon ended']]);
  });
});
