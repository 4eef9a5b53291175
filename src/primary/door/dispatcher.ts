import { hashAddress } from '../../balancing/address-hash.ts';
import { createStrategy, type HandOffStrategy, type Strategy } from '../../balancing/strategy.ts';
import type { Peer } from '../../protocol/proxy-header.ts';
import { now } from '../../system/clock.ts';
import type { PendingConnection, Target, Untaken } from '../handles/connection.ts';
import type { RawConnection } from '../handles/raw-handles.ts';
import { Seat, type Place } from './seat.ts';

/** What of an app's definition matters here. */
export interface DispatchSettings {
  readonly strategy: HandOffStrategy;
  readonly maxConns: number | null;
  /** Of each listener. */
  readonly maxQueue: number;
  /** Of all listeners together. */
  readonly maxQueued: number;
  readonly ipHashPrefix: { readonly v4: number; readonly v6: number };
}

interface DispatcherEvents {
  /** As many connections wait as may. */
  crowded(key: string): void;
  /** Half of them are served. */
  relieved(key: string): void;
}

interface Lane {
  readonly key: string;
  readonly strategy: Strategy;
  crowded: boolean;
  /** Of them `waiting` and those that wait at a seat. */
  queued: number;
  readonly waiting: PendingConnection[];
  seats: readonly Seat[];
}

const DEFAULTS: DispatchSettings = {
  strategy: 'round-robin',
  maxConns: null,
  maxQueue: 8_192,
  maxQueued: Number.POSITIVE_INFINITY,
  ipHashPrefix: { v4: 32, v6: 64 },
};

/** 2³² divided by the golden ratio: multiples of it lie far apart. */
const GOLDEN_RATIO = 0x9e3779b9;

/**
 * Gives each accepted connection to the worker that the strategy picks. Connections for which no worker is free wait
 * here, in order of arrival; none is ever refused.
 */
export class Dispatcher {
  readonly #events: DispatcherEvents;
  readonly #lanes = new Map<string, Lane>();
  #settings = DEFAULTS;
  #anonymous = 0;

  constructor(events: DispatcherEvents) {
    this.#events = events;
  }

  get queued(): number {
    let n = 0;
    for (const lane of this.#lanes.values()) n += lane.queued;
    return n;
  }

  /** From now on; what waits is placed anew. */
  configure(settings: DispatchSettings): void {
    const changed = settings.strategy !== this.#settings.strategy;
    this.#settings = settings;
    for (const lane of [...this.#lanes.values()]) {
      for (const seat of lane.seats) seat.limit = settings.maxConns ?? Number.POSITIVE_INFINITY;
      if (changed) this.#renew(lane);
      this.pump(lane.key);
    }
  }

  accept(key: string, connection: RawConnection, peer: Peer | null = null): void {
    const lane = this.#lane(key);
    const pending = this.#pend(lane, { key, connection, peer });
    if (lane.waiting.length > 0 || !place(lane, pending)) lane.waiting.push(pending);
    else if (lane.queued === 0) return;
    this.#count(lane);
    if (lane.queued < this.#mostQueued || lane.crowded) return;
    lane.crowded = true;
    this.#events.crowded(key);
  }

  /** A connection that a worker did not take: goes to another one before all that wait. */
  takeBack(untaken: Untaken): void {
    const lane = this.#lanes.get(untaken.key);
    if (lane === undefined) {
      // Its listener was closed meanwhile.
      untaken.connection.close();
      return;
    }
    lane.waiting.unshift(this.#pend(lane, untaken));
    this.pump(untaken.key);
  }

  /** The workers that connections for this listener may go to, from now on. */
  route(key: string, places: readonly Place[]): void {
    const lane = this.#lane(key);
    const known = new Map(lane.seats.map((seat) => [seat.target, seat]));
    lane.seats = places.map((given) => {
      const seat = known.get(given.target) ?? new Seat(given);
      known.delete(given.target);
      seat.weight = given.weight;
      seat.backup = given.backup;
      seat.limit = this.#settings.maxConns ?? Number.POSITIVE_INFINITY;
      return seat;
    });
    for (const seat of known.values()) lane.waiting.unshift(...seat.waiting.splice(0));
    this.pump(key);
  }

  pump(key: string): void {
    const lane = this.#lane(key);
    for (const seat of lane.seats) serveSeat(seat, lane);
    for (let next = lane.waiting[0]; next !== undefined && place(lane, next); next = lane.waiting[0]) lane.waiting.shift();
    this.#count(lane);
    if (!lane.crowded || lane.queued > this.#mostQueued / 2) return;
    lane.crowded = false;
    this.#events.relieved(key);
  }

  /** A worker is free again. Listeners on which connections wait take turns. */
  pumpFor(target: Target): void {
    for (const [key, lane] of [...this.#lanes]) {
      if (lane.queued === 0 || !lane.seats.some((seat) => seat.target === target)) continue;
      this.#lanes.delete(key);
      this.#lanes.set(key, lane);
      this.pump(key);
      // What waits there may be for others: then it is the next listener's turn.
      if (target.pending !== null) return;
    }
  }

  /** Ends every waiting connection of a listener that is closed. */
  close(key: string): void {
    const lane = this.#lanes.get(key);
    if (lane === undefined) return;
    for (const { connection } of [...lane.waiting, ...lane.seats.flatMap((seat) => seat.waiting)]) connection.close();
    this.#lanes.delete(key);
  }

  get #mostQueued(): number {
    const { maxQueue, maxQueued } = this.#settings;
    return Math.min(maxQueue, Math.ceil(maxQueued / this.#lanes.size));
  }

  #lane(key: string): Lane {
    let lane = this.#lanes.get(key);
    if (lane === undefined) {
      lane = { key, strategy: createStrategy(this.#settings.strategy), crowded: false, queued: 0, waiting: [], seats: [] };
      this.#lanes.set(key, lane);
    }
    return lane;
  }

  /** Another strategy begins with clean seats, and with all that waits in the order in which it came. */
  #renew(lane: Lane): void {
    const waiting = [...lane.waiting, ...lane.seats.flatMap((seat) => seat.waiting.splice(0))].sort((a, b) => a.acceptedAt - b.acceptedAt);
    const strategy = createStrategy(this.#settings.strategy);
    const renewed: Lane = { ...lane, strategy, waiting: [] };
    renewed.waiting.push(...waiting.map((pending) => ({ ...this.#pend(renewed, pending), acceptedAt: pending.acceptedAt })));
    for (const seat of lane.seats) seat.credit = 0;
    this.#lanes.set(lane.key, renewed);
  }

  #pend(lane: Lane, { key, connection, peer }: Untaken): PendingConnection {
    return { key, connection, peer, clientHash: lane.strategy.sticky ? this.#clientHash(connection, peer) : 0, acceptedAt: now(), handedAt: 0 };
  }

  /** Clients that cannot be told apart (a Unix socket has no addresses) are spread. */
  #clientHash(connection: RawConnection, peer: Peer | null): number {
    const address = peer?.source.address ?? addressOf(connection);
    if (address !== undefined) return hashAddress(address, this.#settings.ipHashPrefix);
    this.#anonymous = (this.#anonymous + GOLDEN_RATIO) >>> 0;
    return this.#anonymous;
  }

  #count(lane: Lane): void {
    lane.queued = lane.waiting.length;
    for (const seat of lane.seats) lane.queued += seat.waiting.length;
  }
}

/** Hands the connection over, or lets it wait for the one worker that may have it; false when it can only wait for any. */
function place(lane: Lane, pending: PendingConnection): boolean {
  const seat = lane.strategy.pick(lane.seats, pending.clientHash) as Seat | null;
  if (seat === null) return false;
  if (seat.free && seat.waiting.length === 0) give(seat.target, pending);
  else {
    seat.waiting.push(pending);
    lane.queued++;
  }
  return true;
}

/** What waits for a worker that became full may go elsewhere. */
function serveSeat(seat: Seat, lane: Lane): void {
  if (seat.full) lane.waiting.unshift(...seat.waiting.splice(0));
  if (!seat.free) return;
  const next = seat.waiting.shift();
  if (next !== undefined) give(seat.target, next);
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
