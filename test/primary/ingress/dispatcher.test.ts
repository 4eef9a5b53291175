import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Dispatcher } from '../../../src/primary/ingress/dispatcher.ts';
import type { Route } from '../../../src/primary/ingress/backend.ts';
import type { PendingConnection, Target } from '../../../src/primary/handles/connection.ts';

class FakeConnection {
  closed = false;
  readonly n: number;
  constructor(n: number) {
    this.n = n;
  }
  close(): void {
    this.closed = true;
  }
}

/** Takes connections immediately if `quick`, otherwise on `take`. */
class FakeTarget implements Target {
  readonly slot: number;
  readonly connections = 0;
  pending: PendingConnection | null = null;
  readonly taken: FakeConnection[] = [];
  readonly quick: boolean;

  constructor(quick = false, slot = 0) {
    this.quick = quick;
    this.slot = slot;
  }

  hand(pending: PendingConnection): void {
    expect(this.pending).toBe(pending);
    if (this.quick) this.take();
  }

  take(): void {
    const { pending } = this;
    this.pending = null;
    if (pending !== null) this.taken.push(pending.connection as FakeConnection);
  }
}

const QUEUE_LIMIT = 8_192;
/** Clients that `ip-hash` maps to this one of two slots. */
const [OF_SLOT_0, OF_SLOT_1] = ['10.0.0.1', '10.0.0.2'];
const routes = (targets: readonly FakeTarget[]): Route[] => targets.map((target) => ({ target, weight: 1, backup: false }));

const crowding: string[] = [];
/** @param waitsInKernel whether connections may wait in the kernel */
const dispatcherOf = (waitsInKernel = false): Dispatcher =>
  new Dispatcher({
    waitsInKernel: () => waitsInKernel,
    crowded: (key) => crowding.push(`crowded ${key}`),
    relieved: (key) => crowding.push(`relieved ${key}`),
  });
const numbers = (connections: readonly FakeConnection[]): number[] => connections.map(({ n }) => n);

function acceptMany(dispatcher: Dispatcher, count: number, key = 'a'): FakeConnection[] {
  const connections = Array.from({ length: count }, (_, n) => new FakeConnection(n));
  for (const connection of connections) dispatcher.accept(key, connection);
  return connections;
}

describe('Dispatcher', () => {
  it('rotates while all are free', () => {
    const dispatcher = dispatcherOf();
    const targets = [new FakeTarget(true), new FakeTarget(true), new FakeTarget(true)];
    dispatcher.route('a', routes(targets));
    acceptMany(dispatcher, 10);
    expect(targets.map(({ taken }) => numbers(taken))).toEqual([
      [0, 3, 6, 9],
      [1, 4, 7],
      [2, 5, 8],
    ]);
  });

  it('spreads n × k connections over n free workers as k each, from any starting point', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8 }), fc.nat(20), fc.nat(30), (n, before, k) => {
        const dispatcher = dispatcherOf();
        const targets = Array.from({ length: n }, () => new FakeTarget(true));
        dispatcher.route('a', routes(targets));
        acceptMany(dispatcher, before);
        const counts = targets.map(({ taken }) => taken.length);
        acceptMany(dispatcher, n * k);
        expect(targets.map(({ taken }, i) => taken.length - (counts[i] ?? 0))).toEqual(targets.map(() => k));
      }),
    );
  });

  it('skips a worker that has not taken its last connection', () => {
    const dispatcher = dispatcherOf();
    const slow = new FakeTarget();
    const quick = new FakeTarget(true);
    dispatcher.route('a', routes([slow, quick]));
    acceptMany(dispatcher, 5);
    expect(numbers(quick.taken)).toEqual([1, 2, 3, 4]);
    slow.take();
    dispatcher.pumpFor(slow);
    acceptMany(dispatcher, 2);
    expect([slow.pending !== null, quick.taken.length]).toEqual([true, 5]);
  });

  it('serves waiting connections in order', () => {
    const dispatcher = dispatcherOf();
    acceptMany(dispatcher, 5);
    expect(dispatcher.queued).toBe(5);
    const target = new FakeTarget(true);
    dispatcher.route('a', routes([target]));
    expect(numbers(target.taken)).toEqual([0, 1, 2, 3, 4]);
    expect(dispatcher.queued).toBe(0);
  });

  it('does not let a new connection overtake waiting ones', () => {
    const dispatcher = dispatcherOf();
    const target = new FakeTarget();
    dispatcher.route('a', routes([target]));
    acceptMany(dispatcher, 2);
    target.take();
    dispatcher.accept('a', new FakeConnection(2));
    for (let i = 0; i < 3; i++) {
      dispatcher.pumpFor(target);
      target.take();
    }
    expect(numbers(target.taken)).toEqual([0, 1, 2]);
  });

  it('gives a returned connection to another worker, ahead of all waiting ones', () => {
    const dispatcher = dispatcherOf();
    const dying = new FakeTarget();
    dispatcher.route('a', routes([dying]));
    acceptMany(dispatcher, 3);
    const { pending } = dying;
    dying.pending = null;
    const other = new FakeTarget(true);
    dispatcher.route('a', routes([]));
    if (pending !== null) dispatcher.takeBack(pending);
    dispatcher.route('a', routes([other]));
    expect(numbers(other.taken)).toEqual([0, 1, 2]);
  });

  it('keeps listeners apart, but a worker is handed one connection at a time in total', () => {
    const dispatcher = dispatcherOf();
    const both = new FakeTarget();
    dispatcher.route('a', routes([both]));
    dispatcher.route('b', routes([both]));
    const [a] = acceptMany(dispatcher, 1, 'a');
    const [b] = acceptMany(dispatcher, 1, 'b');
    expect(both.pending).toMatchObject({ key: 'a', connection: a });
    both.take();
    dispatcher.pumpFor(both);
    expect(both.pending).toMatchObject({ key: 'b', connection: b });
  });

  it('serves one listener while connections of the other wait for another worker', () => {
    const dispatcher = dispatcherOf();
    dispatcher.configure({ strategy: 'ip-hash', maxConns: null, maxQueue: QUEUE_LIMIT, maxQueued: Infinity, ipHashPrefix: { v4: 32, v6: 64 } });
    const [blocked, well] = [new FakeTarget(false, 0), new FakeTarget(false, 1)];
    for (const key of ['a', 'b']) dispatcher.route(key, routes([blocked, well]));
    const accept = (key: string, address: string): void =>
      dispatcher.accept(key, new FakeConnection(0), { source: { address, port: 1, family: 'IPv4' }, destination: null });
    for (const key of ['a', 'a']) accept(key, OF_SLOT_0);
    for (const key of ['b', 'b']) accept(key, OF_SLOT_1);
    expect([blocked.pending?.key, well.pending?.key, dispatcher.queued]).toEqual(['a', 'b', 2]);
    well.take();
    dispatcher.pumpFor(well);
    expect([well.pending?.key, dispatcher.queued]).toEqual(['b', 1]);
  });

  it('closes waiting connections of a closed listener', () => {
    const dispatcher = dispatcherOf();
    const waiting = acceptMany(dispatcher, 2, 'a');
    const [other] = acceptMany(dispatcher, 1, 'b');
    dispatcher.close('a');
    expect(waiting.map(({ closed }) => closed)).toEqual([true, true]);
    expect([other?.closed, dispatcher.queued]).toEqual([false, 1]);
  });

  it('reports once that its queue is full, and once that it is down to half', () => {
    crowding.length = 0;
    const dispatcher = dispatcherOf();
    acceptMany(dispatcher, QUEUE_LIMIT + 10);
    expect(crowding).toEqual(['crowded a']);
    const target = new FakeTarget();
    dispatcher.route('a', routes([target]));
    for (let served = 1; served < QUEUE_LIMIT / 2 + 10; served++) {
      target.take();
      dispatcher.pumpFor(target);
    }
    expect(dispatcher.queued).toBe(QUEUE_LIMIT / 2);
    expect(crowding).toEqual(['crowded a', 'relieved a']);
  });

  it.each([
    { strategy: 'round-robin', workers: 2, most: 16 },
    { strategy: 'random', workers: 20, most: 40 },
    { strategy: 'least-connections', workers: 0, most: 16 },
  ] as const)('holds only a handful where the others can wait in the kernel: $strategy, $workers workers', ({ strategy, workers, most }) => {
    const dispatcher = dispatcherOf(true);
    crowding.length = 0;
    dispatcher.configure({ strategy, maxConns: null, maxQueue: QUEUE_LIMIT, maxQueued: Infinity, ipHashPrefix: { v4: 32, v6: 64 } });
    const targets = Array.from({ length: workers }, (_, slot) => new FakeTarget(false, slot));
    dispatcher.route('a', routes(targets));
    acceptMany(dispatcher, workers + most - 1);
    expect([dispatcher.queued, crowding]).toEqual([most - 1, []]);
    acceptMany(dispatcher, 1);
    expect(crowding).toEqual(['crowded a']);
    // With ip-hash each waits for its own worker, and is accepted for that.
    dispatcher.configure({ strategy: 'ip-hash', maxConns: null, maxQueue: QUEUE_LIMIT, maxQueued: Infinity, ipHashPrefix: { v4: 32, v6: 64 } });
    expect(crowding).toEqual(['crowded a', 'relieved a']);
    acceptMany(dispatcher, most);
    expect(crowding).toHaveLength(2);
  });

  it('never waits for more than max_queue', () => {
    const dispatcher = dispatcherOf(true);
    crowding.length = 0;
    dispatcher.configure({ strategy: 'round-robin', maxConns: null, maxQueue: 2, maxQueued: Infinity, ipHashPrefix: { v4: 32, v6: 64 } });
    acceptMany(dispatcher, 2);
    expect(crowding).toEqual(['crowded a']);
  });

  it('divides the total queue limit among the listeners', () => {
    const dispatcher = dispatcherOf();
    crowding.length = 0;
    dispatcher.configure({ strategy: 'round-robin', maxConns: null, maxQueue: QUEUE_LIMIT, maxQueued: 20, ipHashPrefix: { v4: 32, v6: 64 } });
    dispatcher.route('b', []);
    acceptMany(dispatcher, 9);
    expect(crowding).toEqual([]);
    acceptMany(dispatcher, 1);
    acceptMany(dispatcher, 10, 'b');
    expect(crowding).toEqual(['crowded a', 'crowded b']);
  });
});

type Action =
  | { readonly do: 'accept'; readonly key: string }
  | { readonly do: 'take' | 'die' | 'refuse'; readonly target: number }
  | { readonly do: 'route'; readonly key: string; readonly targets: readonly number[] };

const TARGETS = [0, 1, 2, 3];
const key = fc.constantFrom('a', 'b');
const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('accept' as const), key }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('take' as const, 'refuse' as const, 'die' as const), target: fc.constantFrom(...TARGETS) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('route' as const), key, targets: fc.subarray(TARGETS) }) },
);

/** A dispatcher with workers that take, refuse and die, and a model of where every connection should be. */
class Scene {
  readonly dispatcher = dispatcherOf();
  readonly targets = TARGETS.map(() => new FakeTarget());
  readonly routes = new Map<string, FakeTarget[]>([
    ['a', []],
    ['b', []],
  ]);
  readonly accepted: FakeConnection[] = [];

  run(one: Action): void {
    if (one.do === 'accept') {
      const connection = new FakeConnection(this.accepted.length);
      this.accepted.push(connection);
      this.dispatcher.accept(one.key, connection);
    } else if (one.do === 'route')
      this.#route(
        one.key,
        one.targets.flatMap((index) => this.targets[index] ?? []),
      );
    else this.#change(one.do, this.targets[one.target]);
  }

  #change(what: 'take' | 'die' | 'refuse', target: FakeTarget | undefined): void {
    if (target === undefined) return;
    if (what === 'take') {
      target.take();
      this.dispatcher.pumpFor(target);
      return;
    }
    // Like the router: take the worker out of rotation first, then return the connection.
    const { pending } = target;
    const left = [...this.routes.entries()].filter(([name]) => what === 'die' || name === pending?.key);
    target.pending = null;
    for (const [name, targets] of left)
      this.#route(
        name,
        targets.filter((one) => one !== target),
      );
    if (pending !== null) this.dispatcher.takeBack(pending);
    if (what === 'refuse') this.dispatcher.pumpFor(target);
  }

  #route(name: string, targets: FakeTarget[]): void {
    this.routes.set(name, targets);
    this.dispatcher.route(name, routes(targets));
  }
}

describe('Dispatcher, under any sequence of events', () => {
  it('never loses or duplicates a connection, and none waits while a worker is free', () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 120 }), (actions) => {
        const scene = new Scene();
        for (const one of actions) {
          scene.run(one);
          const held = scene.targets.flatMap((target) => [...target.taken, ...(target.pending === null ? [] : [target.pending.connection as FakeConnection])]);
          expect(new Set(held).size).toBe(held.length);
          expect(held.length + scene.dispatcher.queued).toBe(scene.accepted.length);
        }
        for (const name of ['a', 'b']) {
          const free = new FakeTarget(true);
          scene.dispatcher.route(name, routes([free]));
          expect(numbers(free.taken.filter(({ closed }) => closed))).toEqual([]);
        }
        expect(scene.dispatcher.queued).toBe(0);
      }),
      { numRuns: 500 },
    );
  });

  it('hands a connection to a free worker immediately', () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 120 }), (actions) => {
        const scene = new Scene();
        for (const one of actions) scene.run(one);
        const before = scene.dispatcher.queued;
        for (const name of ['a', 'b']) scene.dispatcher.pump(name);
        expect(scene.dispatcher.queued).toBe(before);
      }),
      { numRuns: 300 },
    );
  });
});
