import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { WorkerState } from '../../src/lifecycle/states.ts';
import { Dispatcher, type PendingConnection } from '../../src/primary/dispatcher.ts';
import type { Listeners } from '../../src/primary/listeners.ts';
import { Router } from '../../src/primary/router.ts';
import type { WorkerHandle } from '../../src/primary/worker-handle.ts';

/** What the router and the dispatcher see of a worker. */
class FakeHandle {
  pending: PendingConnection | null = null;
  state: WorkerState = 'ready';
  connected = true;
  readonly keys = new Set(['a']);
  readonly full = new Set<string>();
  readonly handed: object[] = [];

  hand({ connection }: PendingConnection): void {
    this.handed.push(connection);
    this.pending = null;
  }
}

let workers: FakeHandle[];
let dispatcher: Dispatcher;
let router: Router;

beforeEach(() => {
  vi.useFakeTimers();
  workers = [new FakeHandle(), new FakeHandle()];
  dispatcher = new Dispatcher({ crowded: () => {}, relieved: () => {} });
  const listeners = { all: [{ key: 'a' }, { key: 'b' }] } as unknown as Listeners;
  router = new Router(dispatcher, listeners, () => workers as unknown as WorkerHandle[]);
  router.changed();
});
afterEach(() => {
  vi.useRealTimers();
});

function accept(key = 'a'): { close(): void } {
  const connection = { close: () => {} };
  dispatcher.accept(key, connection);
  return connection;
}

const refuse = (worker: FakeHandle | undefined, connection: { close(): void }): void => {
  worker?.full.add('a');
  router.notTaken(worker as unknown as WorkerHandle, { key: 'a', connection });
};

describe('Router', () => {
  it.each(['starting', 'ejected', 'draining', 'stopping', 'exited'] as const)('leaves out a worker that is %s', (state) => {
    const [first, second] = workers;
    if (first !== undefined) first.state = state;
    router.changed();
    for (let i = 0; i < 3; i++) accept();
    expect([first?.handed.length, second?.handed.length]).toEqual([0, 3]);
  });

  it('sends a connection only to those that serve its listener', () => {
    workers[1]?.keys.add('b');
    router.changed();
    for (let i = 0; i < 3; i++) accept('b');
    expect(workers.map(({ handed }) => handed.length)).toEqual([0, 3]);
  });

  it('passes what a full worker refused to another one, and leaves it out for 100 ms', () => {
    const [full, other] = workers;
    const refused = accept();
    expect(full?.handed).toEqual([refused]);
    refuse(full, refused);
    expect(other?.handed).toEqual([refused]);
    accept();
    accept();
    expect(full?.handed).toHaveLength(1);
    vi.advanceTimersByTime(100);
    accept();
    accept();
    expect(full?.handed).toHaveLength(2);
  });

  it('keeps what every worker refused until one is asked again', () => {
    const [first, second] = workers;
    const refused = accept();
    refuse(first, refused);
    refuse(second, refused);
    expect(dispatcher.queued).toBe(1);
    vi.advanceTimersByTime(99);
    expect(dispatcher.queued).toBe(1);
    vi.advanceTimersByTime(1);
    expect(dispatcher.queued).toBe(0);
    expect(first?.handed).toEqual([refused, refused]);
  });

  it('does not give the connection of a dead worker back to it', () => {
    const [dead, other] = workers;
    const connection = accept();
    if (dead !== undefined) dead.state = 'exited';
    router.notTaken(dead as unknown as WorkerHandle, { key: 'a', connection });
    expect(other?.handed).toEqual([connection]);
  });
});
