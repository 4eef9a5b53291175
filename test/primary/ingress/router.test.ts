import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { AppSpec } from '../../../src/lifecycle/app-spec.ts';
import { BALANCE_STRATEGIES, type BalanceStrategy } from '../../../src/lifecycle/balance-strategy.ts';
import type { WorkerState } from '../../../src/lifecycle/states.ts';
import { Dispatcher } from '../../../src/primary/ingress/dispatcher.ts';
import type { Ingress } from '../../../src/primary/ingress/ingress.ts';
import { Router } from '../../../src/primary/ingress/router.ts';
import type { PendingConnection } from '../../../src/primary/handles/connection.ts';
import type { Pool } from '../../../src/primary/workers/pool.ts';
import { SelfDescription } from '../../../src/primary/workers/self-description.ts';
import type { WorkerHandle } from '../../../src/primary/workers/worker-handle.ts';
import { sampleSpec } from '../../lifecycle/sample-spec.ts';

/** A worker as seen by the router and the dispatcher. */
class FakeHandle {
  readonly slot: number;
  readonly standby = false;
  readonly self = new SelfDescription();
  readonly profile = { kind: null };
  readonly meter = { last: null };
  counts = false;
  state: WorkerState = 'ready';
  readonly channel = { connected: true };
  readonly keys = new Set(['a']);
  readonly handed: object[] = [];
  readonly handOff;

  constructor(slot: number) {
    this.slot = slot;
    const handOff = {
      slot,
      connections: 0,
      reportedConnections: 0,
      pending: null as PendingConnection | null,
      countConnections: (on: boolean): void => void (this.counts = on),
      hand: ({ connection }: PendingConnection): void => {
        this.handed.push(connection);
        handOff.pending = null;
      },
    };
    this.handOff = handOff;
  }
}

let workers: FakeHandle[];
let dispatcher: Dispatcher;
let router: Router;
let spec: AppSpec;
let joins: number;
/** The slots of the workers that accept for themselves. */
let lentTo: number[];
let workersAccept: boolean;
/** Who holds the address, and what was said about it and answered. */
let holder: string | null;
let said: string[];
let errno: number;

beforeEach(() => {
  vi.useFakeTimers();
  workers = [new FakeHandle(0), new FakeHandle(1)];
  dispatcher = new Dispatcher({ waitsInKernel: () => false, crowded: () => {}, relieved: () => {} });
  spec = sampleSpec();
  joins = 0;
  lentTo = [];
  workersAccept = false;
  holder = null;
  said = [];
  const listen = (): Promise<object> => Promise.resolve({ errno, name: null });
  const ingress = {
    dispatcher,
    dispatched: ['a', 'b'],
    lend: ({ members }: { members: readonly FakeHandle[] }) => void (lentTo = members.map(({ slot }) => slot)),
    listen,
    get workersAccept() {
      return workersAccept;
    },
  } as unknown as Ingress;
  const pool = {
    get workers() {
      return workers;
    },
    get spec() {
      return spec;
    },
  } as unknown as Pool;
  router = new Router({
    ingress,
    pool,
    wasOnline: () => true,
    joined: () => void joins++,
    portHolder: () => Promise.resolve(holder),
    addressInUse: (_, text) => void said.push(text),
  });
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
  router.onNotTaken(worker as unknown as WorkerHandle, { key: 'a', connection, peer: null });
};

describe('Router', () => {
  it.each(['starting', 'ejected', 'draining', 'stopping', 'exited'] as const)('leaves out a worker that is %s', (state) => {
    const [first, second] = workers;
    if (first !== undefined) first.state = state;
    router.changed();
    for (let i = 0; i < 3; i++) accept();
    expect([first?.handed.length, second?.handed.length]).toEqual([0, 3]);
  });

  it('gives each worker its share: configured, self-reported, and growing after a replacement', () => {
    const shares = (): number[] => {
      const before = workers.map(({ handed }) => handed.length);
      for (let i = 0; i < 44; i++) accept();
      return workers.map(({ handed }, i) => handed.length - (before[i] ?? 0));
    };
    spec = sampleSpec({ weights: [3, 1], slowStartMs: 10_000 });
    router.changed();
    expect(shares()).toEqual([33, 11]);
    const [first, second] = workers;
    if (first !== undefined) first.self.weight = 0;
    router.changed();
    expect(shares()).toEqual([0, 44]);
    if (first !== undefined) first.self.weight = 1;
    router.onStateChanged(second as unknown as WorkerHandle, 'starting');
    router.changed();
    expect(shares()).toEqual([40, 4]);
    vi.advanceTimersByTime(10_500);
    expect(shares()).toEqual([22, 22]);
  });

  it('where workers accept, one with far more connections than the others does not until they have caught up', () => {
    workers.push(new FakeHandle(2));
    const beat = (...connections: number[]): number[] => {
      workers.forEach(({ handOff }, index) => (handOff.reportedConnections = connections[index] ?? 0));
      router.onBeat();
      return lentTo;
    };
    router.changed();
    expect(beat(500, 10, 10)).toEqual([0, 1, 2]);
    workersAccept = true;
    expect(beat(500, 10, 10)).toEqual([1, 2]);
    router.changed();
    expect(lentTo).toEqual([1, 2]);
    expect(beat(500, 420, 430)).toEqual([0, 1, 2]);
    expect(beat(500, 10, 10)).toEqual([1, 2]);
    workersAccept = false;
    expect(beat(500, 10, 10)).toEqual([0, 1, 2]);
  });

  it('reports when a worker joins the rotation, and only then', () => {
    const [first] = workers;
    expect(joins).toBe(1);
    router.changed();
    if (first !== undefined) first.state = 'ejected';
    router.changed();
    expect(joins).toBe(1);
    if (first !== undefined) first.state = 'ready';
    router.changed();
    workers.push(new FakeHandle(2));
    router.changed();
    expect(joins).toBe(3);
  });

  const counting: Readonly<Record<BalanceStrategy, boolean>> = {
    auto: false,
    'round-robin': false,
    'least-connections': true,
    'ip-hash': false,
    random: true,
    direct: false,
  };
  it.each(BALANCE_STRATEGIES)('has workers count their connections only where it is needed: %s', (balance) => {
    const counts = (maxConns: number | null): boolean[] => {
      spec = sampleSpec({ balance, maxConns });
      router.changed();
      return workers.map((worker) => worker.counts);
    };
    expect(counts(null)).toEqual([counting[balance], counting[balance]]);
    expect(counts(5)).toEqual([true, true]);
  });

  it('sends a connection only to those that serve its listener', () => {
    workers[1]?.keys.add('b');
    router.changed();
    for (let i = 0; i < 3; i++) accept('b');
    expect(workers.map(({ handed }) => handed.length)).toEqual([0, 3]);
  });

  it('gives a refused connection to another worker, and skips the full one for 100 ms', () => {
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

  it('keeps a connection that every worker refused until one is tried again', () => {
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
    router.onNotTaken(dead as unknown as WorkerHandle, { key: 'a', connection, peer: null });
    expect(other?.handed).toEqual([connection]);
  });
});

describe('a worker that wants to listen', () => {
  async function asks(): Promise<string[]> {
    const worker = { slot: 0, answerListen: (_seq: number, { key }: { key: string }, answer: number) => void said.push(`${key}: ${answer}`) };
    const query = { key: 'a', address: null, port: 80, addressType: 4 };
    router.onListen(worker as unknown as WorkerHandle, 1, query as Parameters<Router['onListen']>[2]);
    await vi.advanceTimersByTimeAsync(1);
    return said;
  }

  it('is told that the address is in use after it is known who holds it', async () => {
    errno = -98;
    holder = 'pid 5 (nginx)';
    expect(await asks()).toEqual(['port 80 is held by pid 5 (nginx)', 'a: -98']);
  });

  it.each([
    ['nobody is found', -98],
    ['it may', 0],
    ['it has no permission', -13],
  ])('is answered when %s', async (_, outcome) => {
    errno = outcome;
    if (outcome !== -98) holder = 'never asked for';
    expect(await asks()).toEqual([`a: ${outcome}`]);
  });
});
