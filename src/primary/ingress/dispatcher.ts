import { hashAddress } from '../../balancing/address-hash.ts';
import { createStrategy } from '../../balancing/create-strategy.ts';
import type { Strategy } from '../../balancing/strategy.ts';
import { PLAIN_HAND_OFF, STRATEGIES, type HandOffStrategy } from '../../lifecycle/balance-strategy.ts';
import type { Peer } from '../../protocol/proxy-header.ts';
import { now } from '../../system/clock.ts';
import type { PendingConnection, Target, Untaken } from '../handles/connection.ts';
import type { RawConnection } from '../handles/raw-handles.ts';
import { Backend, type Route } from './backend.ts';

/** The part of an app's definition that the dispatcher needs. */
export interface DispatchSettings {
  readonly strategy: HandOffStrategy;
  readonly maxConns: number | null;
  /** Limit for each listener. */
  readonly maxQueue: number;
  /** Limit for all listeners together. */
  readonly maxQueued: number;
  readonly ipHashPrefix: { readonly v4: number; readonly v6: number };
}

interface DispatcherEvents {
  /** Whether connections of this listener may wait in the kernel: one that is accepted goes to any worker that is free. */
  waitsInKernel(key: string): boolean;
  /** The queue of this listener is full. */
  crowded(key: string): void;
  /** Most of its queue has been served. */
  relieved(key: string): void;
}

interface ListenerQueue {
  readonly key: string;
  readonly strategy: Strategy;
  crowded: boolean;
  /** Those in `waiting` plus those waiting at a backend. */
  queued: number;
  readonly waiting: PendingConnection[];
  backends: readonly Backend[];
}

const DEFAULTS: DispatchSettings = {
  strategy: PLAIN_HAND_OFF,
  maxConns: null,
  maxQueue: 8_192,
  maxQueued: Number.POSITIVE_INFINITY,
  ipHashPrefix: { v4: 32, v6: 64 },
};

/**
 * Of connections that may wait in the kernel, only a handful wait here, because these are lost if the primary is killed. Enough
 * that a pause of the listener, some tens of microseconds of work, serves several of them.
 */
const HANDFUL = 16;
const HANDFUL_PER_WORKER = 2;

/** A listener accepts again when so much of the limit still waits. */
const RESUME_HANDFUL = 1 / 4;
const RESUME_QUEUE = 1 / 2;

/** 2³² divided by the golden ratio: its multiples are spread evenly. */
const GOLDEN_RATIO = 0x9e3779b9;

/**
 * Hands each accepted connection to the worker that the strategy picks. If no worker is free, connections wait here in order
 * of arrival, or in the kernel where they may. None is refused.
 */
export class Dispatcher {
  readonly #events: DispatcherEvents;
  readonly #queues = new Map<string, ListenerQueue>();
  #settings = DEFAULTS;
  #anonymous = 0;

  constructor(events: DispatcherEvents) {
    this.#events = events;
  }

  get queued(): number {
    let n = 0;
    for (const queue of this.#queues.values()) n += queue.queued;
    return n;
  }

  /** Applies new settings, and dispatches waiting connections accordingly. */
  configure(settings: DispatchSettings): void {
    const changed = settings.strategy !== this.#settings.strategy;
    this.#settings = settings;
    for (const queue of [...this.#queues.values()]) {
      for (const backend of queue.backends) backend.limit = settings.maxConns ?? Number.POSITIVE_INFINITY;
      if (changed) this.#renew(queue);
      this.pump(queue.key);
    }
  }

  accept(key: string, connection: RawConnection, peer: Peer | null = null): void {
    const queue = this.#queue(key);
    const pending = this.#pend({ key, connection, peer });
    if (queue.waiting.length > 0 || !place(queue, pending)) queue.waiting.push(pending);
    else if (queue.queued === 0) return;
    this.#count(queue);
    if (queue.crowded || queue.queued < this.#mostQueued(queue)) return;
    queue.crowded = true;
    this.#events.crowded(key);
  }

  /** Returns a connection that a worker did not take. It goes to another worker, ahead of all waiting ones. */
  takeBack(untaken: Untaken): void {
    const queue = this.#queues.get(untaken.key);
    if (queue === undefined) {
      // Its listener has been closed.
      untaken.connection.close();
      return;
    }
    queue.waiting.unshift(this.#pend(untaken));
    this.pump(untaken.key);
  }

  /** Sets the workers that connections of this listener may go to. */
  route(key: string, routes: readonly Route[]): void {
    const queue = this.#queue(key);
    const known = new Map(queue.backends.map((backend) => [backend.target, backend]));
    queue.backends = routes.map((given) => {
      const backend = known.get(given.target) ?? new Backend(given);
      known.delete(given.target);
      backend.weight = given.weight;
      backend.backup = given.backup;
      backend.limit = this.#settings.maxConns ?? Number.POSITIVE_INFINITY;
      return backend;
    });
    for (const backend of known.values()) queue.waiting.unshift(...backend.waiting.splice(0));
    this.pump(key);
  }

  pump(key: string): void {
    const queue = this.#queue(key);
    for (const backend of queue.backends) serveBackend(backend, queue);
    for (let next = queue.waiting[0]; next !== undefined && place(queue, next); next = queue.waiting[0]) queue.waiting.shift();
    this.#count(queue);
    if (!queue.crowded || queue.queued > this.#mostQueued(queue) * (this.#isHeldBack(queue) ? RESUME_HANDFUL : RESUME_QUEUE)) return;
    queue.crowded = false;
    this.#events.relieved(key);
  }

  /** Dispatches to a worker that is free again. Listeners with waiting connections take turns. */
  pumpFor(target: Target): void {
    for (const [key, queue] of [...this.#queues]) {
      if (queue.queued === 0 || !queue.backends.some((backend) => backend.target === target)) continue;
      this.#queues.delete(key);
      this.#queues.set(key, queue);
      this.pump(key);
      // If the worker is still free, that listener's connections wait for others: try the next listener.
      if (target.pending !== null) return;
    }
  }

  /** Closes every waiting connection of a closed listener. */
  close(key: string): void {
    const queue = this.#queues.get(key);
    if (queue === undefined) return;
    for (const { connection } of [...queue.waiting, ...queue.backends.flatMap((backend) => backend.waiting)]) connection.close();
    this.#queues.delete(key);
  }

  #mostQueued({ key, backends }: ListenerQueue): number {
    const { maxQueue, maxQueued } = this.#settings;
    const most = Math.min(maxQueue, Math.ceil(maxQueued / this.#queues.size));
    return this.#isHeldBack({ key }) ? Math.min(most, Math.max(HANDFUL, HANDFUL_PER_WORKER * backends.length)) : most;
  }

  #isHeldBack({ key }: Pick<ListenerQueue, 'key'>): boolean {
    return !STRATEGIES[this.#settings.strategy].sticky && this.#events.waitsInKernel(key);
  }

  #queue(key: string): ListenerQueue {
    let queue = this.#queues.get(key);
    if (queue === undefined) {
      queue = { key, strategy: createStrategy(this.#settings.strategy), crowded: false, queued: 0, waiting: [], backends: [] };
      this.#queues.set(key, queue);
    }
    return queue;
  }

  /** Starts a new strategy with reset backends, and all waiting connections in order of arrival. */
  #renew(queue: ListenerQueue): void {
    const waiting = [...queue.waiting, ...queue.backends.flatMap((backend) => backend.waiting.splice(0))].sort((a, b) => a.acceptedAt - b.acceptedAt);
    const strategy = createStrategy(this.#settings.strategy);
    const renewed: ListenerQueue = { ...queue, strategy, waiting: [] };
    renewed.waiting.push(...waiting.map((pending) => ({ ...this.#pend(pending), acceptedAt: pending.acceptedAt })));
    for (const backend of queue.backends) backend.credit = 0;
    this.#queues.set(queue.key, renewed);
  }

  #pend({ key, connection, peer }: Untaken): PendingConnection {
    const { sticky } = STRATEGIES[this.#settings.strategy];
    return { key, connection, peer, clientHash: sticky ? this.#clientHash(connection, peer) : 0, acceptedAt: now(), handedAt: 0 };
  }

  /** Clients without an address, on a Unix socket, are spread evenly. */
  #clientHash(connection: RawConnection, peer: Peer | null): number {
    const address = peer?.source.address ?? addressOf(connection);
    if (address !== undefined) return hashAddress(address, this.#settings.ipHashPrefix);
    this.#anonymous = (this.#anonymous + GOLDEN_RATIO) >>> 0;
    return this.#anonymous;
  }

  #count(queue: ListenerQueue): void {
    queue.queued = queue.waiting.length;
    for (const backend of queue.backends) queue.queued += backend.waiting.length;
  }
}

/** Hands the connection to the picked worker, or queues it there. Returns false if the strategy picks none. */
function place(queue: ListenerQueue, pending: PendingConnection): boolean {
  const backend = queue.strategy.pick(queue.backends, pending.clientHash);
  if (backend === null) return false;
  if (backend.free && backend.waiting.length === 0) give(backend.target, pending);
  else {
    backend.waiting.push(pending);
    queue.queued++;
  }
  return true;
}

/** Hands a free worker its next connection. If the worker is full, the connections that wait for it may go to others. */
function serveBackend(backend: Backend, queue: ListenerQueue): void {
  if (backend.full) queue.waiting.unshift(...backend.waiting.splice(0));
  if (!backend.free) return;
  const next = backend.waiting.shift();
  if (next !== undefined) give(backend.target, next);
}

function give(target: Target, pending: PendingConnection): void {
  target.pending = pending;
  pending.handedAt = now();
  target.hand(pending);
}

function addressOf(connection: RawConnection): string | undefined {
  const out: { address?: string } = {};
  return connection.getpeername?.(out) === 0 ? out.address : undefined;
}
