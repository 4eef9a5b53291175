import type { Worker } from 'node:cluster';
import type { EventEmitter } from 'node:events';
import type { Patience, Tally } from '../lifecycle/canary.ts';
import type { DrainBlockers } from '../lifecycle/drain-blockers.ts';
import { attempt, Malformed } from '../protocol/parser.ts';
import { MARK, WORKER_SETTINGS_VAR, type FromWorker, type Heartbeat, type ToWorker, type Unmarked, type WorkerSettings } from '../protocol/worker.ts';
import type { FedHandle } from './fed-handle.ts';
import type { Activity } from './heartbeat.ts';
import type { Env, NodeFork } from './listen-hooks.ts';
import type { RawHandle } from './node-internals.ts';

/** What adds up over the members' lives. */
type Sums = Pick<Heartbeat, 'requests' | 'statusClasses' | 'latencySumMs' | 'bytesReceived' | 'bytesSent'>;

type LoadParser = () => (value: unknown, handle: unknown) => FromWorker;

interface Member {
  beat: Heartbeat | null;
  tally: Tally;
  /** Its last report; null before the first. */
  drain: { readonly quiet: boolean; readonly blockers: DrainBlockers } | null;
}

const NO_SUMS: Sums = { requests: 0, statusClasses: [0, 0, 0, 0, 0], latencySumMs: 0, bytesReceived: 0, bytesSent: 0 };
const NO_TALLY: Tally = { answers: 0, serverErrors: 0, resets: 0, late: 0, hung: 0 };
/** A connection counts for this long after a member has taken it, because the member's report comes later. */
const TAKEN_MS = 250;
/** Ample for a member that is not blocked. */
const TALLY_MS = 50;

/** Where a connection came in, and the member that Node's cluster has sent it to. */
interface Transit {
  readonly handle: FedHandle;
  to: Worker | null;
}

/** A member that has not said yet what it has open. */
const UNKNOWN: DrainBlockers = { requests: 0, oldestMs: 0, connections: 1, websockets: 0, sockets: 0 };

/**
 * The cluster workers of an app that clusters itself. This process is their primary and our worker: they load the preload too, count
 * and drain there, and report here. To our primary, all of them are one worker.
 */
export class Members {
  readonly #loadParser: LoadParser;
  readonly #alive = new Map<Worker, Member>();
  /** Of members that have ended. */
  #ended = NO_SUMS;
  #endedTally = NO_TALLY;
  #tallies = 0;
  /** Requests by latency bucket since the last heartbeat. */
  #latency: readonly number[] = [];
  #draining = false;
  /** Connections that this process accepted and no member has taken yet. */
  readonly #inTransit = new Map<RawHandle, Transit>();
  #takenAt = Number.NEGATIVE_INFINITY;

  /** @param loadParser called with each member; the code is evaluated once */
  constructor(loadParser: LoadParser) {
    this.#loadParser = loadParser;
  }

  /** Forks a worker that loads the preload. */
  fork(nodeFork: NodeFork, env: Env | undefined, settings: WorkerSettings): Worker {
    const given = env?.['NODE_OPTIONS'] ?? process.env['NODE_OPTIONS'];
    const nodeOptions = typeof given === 'string' ? given : null;
    const ours = {
      NODE_OPTIONS: `--require ${JSON.stringify(__filename)} ${nodeOptions ?? ''}`.trim(),
      [WORKER_SETTINGS_VAR]: JSON.stringify({ ...settings, role: 'member', nodeOptions } satisfies WorkerSettings),
    };
    const worker = nodeFork({ ...env, ...ours });
    this.#add(worker);
    return worker;
  }

  post(message: Unmarked<ToWorker>): void {
    for (const worker of this.#alive.keys()) send(worker, message);
  }

  /** Drains them, and those that the app still forks. */
  drain(): void {
    this.#draining = true;
    this.post({ t: 'drain' });
  }

  /** The app is asked to shut down; how they end is the app's own affair. */
  leave(): void {
    this.post({ t: 'leave', exit: false });
  }

  /** Spreads an order over them. */
  rebalance(count: number): void {
    const share = Math.ceil(count / Math.max(1, this.#alive.size));
    if (share > 0) this.post({ t: 'rebalance', count: share });
  }

  /** This process accepted a connection on that handle. Node closes the connection here when a member has taken it. */
  accepted(connection: RawHandle, handle: FedHandle): void {
    if (this.#alive.size === 0) return;
    const close = connection.close;
    this.#inTransit.set(connection, { handle, to: null });
    connection.close = (done) => {
      this.#inTransit.delete(connection);
      this.#takenAt = performance.now();
      Reflect.apply(close, connection, [done]);
    };
  }

  /** This process accepted the connection of a health check, for one of them. */
  probed(connection: RawHandle, handle: FedHandle): void {
    this.accepted(connection, handle);
    const peer: { readonly port?: number } = {};
    if (this.#alive.size > 0 && connection.getpeername?.(peer) === 0 && peer.port !== undefined) this.post({ t: 'probe', port: peer.port });
  }

  /** No HTTP connection is open or on its way to one of them, but those with endless answers. */
  get quiet(): boolean {
    return this.#countInTransit() === 0 && [...this.#alive.values()].every(({ drain }) => drain?.quiet === true);
  }

  /** What they and this process have open. */
  addBlockers(own: DrainBlockers): DrainBlockers {
    const inTransit = { ...own, connections: own.connections + this.#countInTransit() };
    return [...this.#alive.values()].reduce((sum, { drain }) => addBlockers(sum, drain?.blockers ?? UNKNOWN), inTransit);
  }

  /** Open connections, as they last reported them. */
  get connections(): number {
    return [...this.#alive.values()].reduce((sum, { beat }) => sum + (beat?.connections ?? 0), 0);
  }

  /** What they and this process did. `delivered` and `accepted` stay: this process receives for all of them. */
  addActivity(own: Activity): Activity {
    const beats = [...this.#alive.values()].flatMap(({ beat }) => beat ?? []);
    const latency = this.#latency;
    this.#latency = [];
    const total = (of: (beat: Activity) => number): number => beats.reduce((sum, beat) => sum + of(beat), of(own));
    const busiest = (of: (beat: Activity) => number): number => beats.reduce((most, beat) => Math.max(most, of(beat)), of(own));
    return {
      ...own,
      ...beats.reduce(addSums, addSums(this.#ended, own)),
      latency: own.latency.map((count, bucket) => count + (latency[bucket] ?? 0)),
      connections: total((beat) => beat.connections),
      requestsInFlight: total((beat) => beat.requestsInFlight),
      kept: total((beat) => beat.kept),
      eventLoopUtilization: busiest((beat) => beat.eventLoopUtilization),
    };
  }

  /** What became of their requests and of this process's own. A member that does not answer in time counts as it did before. */
  async tally(patience: Patience, own: Tally): Promise<Tally> {
    if (this.#alive.size > 0) {
      this.post({ t: 'tally', id: ++this.#tallies, patience });
      // By hand, because no worker loads `timers/promises` at boot.
      await new Promise((resolve) => setTimeout(resolve, TALLY_MS));
    }
    return [...this.#alive.values()].reduce((sum, { tally }) => addTallies(sum, tally), addTallies(own, this.#endedTally));
  }

  #countInTransit(): number {
    return this.#inTransit.size + (performance.now() - this.#takenAt < TAKEN_MS ? 1 : 0);
  }

  /** Notes which connections Node's cluster sends to this member. */
  #followSent(worker: Worker): void {
    const child = worker.process as { send(message: unknown, handle?: unknown, ...rest: unknown[]): boolean };
    const nodeSend = child.send;
    child.send = (message, handle, ...rest) => {
      const transit = this.#inTransit.get(handle as RawHandle);
      if (transit !== undefined) transit.to = worker;
      return Reflect.apply(nodeSend, child, [message, handle, ...rest]);
    };
  }

  /**
   * Has Node's cluster hand out again what a member has not taken, once nothing more can be heard from it. Node itself forgets
   * such a connection, and its client would wait for ever (node#21746).
   */
  #handOutAgain(worker: Worker): void {
    if (worker.process.connected) return;
    for (const [connection, transit] of this.#inTransit) {
      if (transit.to !== worker) continue;
      transit.to = null;
      if (transit.handle.closed) connection.close();
      else transit.handle.onconnection?.(0, connection);
    }
  }

  #add(worker: Worker): void {
    const member: Member = { beat: null, tally: NO_TALLY, drain: null };
    this.#alive.set(worker, member);
    const child: EventEmitter = worker.process;
    this.#followSent(worker);
    // After Node's own listeners, which take the member out of rotation. `disconnect` is missing when a connection was on its way.
    for (const event of ['disconnect', 'exit', 'close']) child.once(event, () => this.#handOutAgain(worker));
    const parse = this.#loadParser();
    child.on('internalMessage', (raw: unknown) => {
      if (typeof raw !== 'object' || raw === null || !('cmd' in raw) || raw.cmd !== MARK) return;
      const message = attempt(() => parse(raw, undefined));
      if (!(message instanceof Malformed)) this.#received(member, message);
    });
    worker.once('exit', () => {
      this.#alive.delete(worker);
      if (member.beat !== null) this.#ended = addSums(this.#ended, member.beat);
      // What waited for an answer in it waits no longer.
      this.#endedTally = addTallies(this.#endedTally, { ...member.tally, late: 0, hung: 0 });
    });
    if (this.#draining) send(worker, { t: 'drain' });
  }

  #received(member: Member, message: FromWorker): void {
    if (message.t === 'draining') member.drain = message;
    if (message.t === 'tally') member.tally = message.tally;
    if (message.t === 'open' && member.beat !== null) member.beat = { ...member.beat, connections: message.count.connections };
    if (message.t !== 'heartbeat') return;
    member.beat = message.beat;
    this.#latency = message.beat.latency.map((count, bucket) => count + (this.#latency[bucket] ?? 0));
  }
}

function send(worker: Worker, message: Unmarked<ToWorker>): void {
  if (worker.process.connected) worker.process.send({ cmd: MARK, ...message }, undefined, undefined, () => {});
}

function addSums(a: Sums, b: Sums): Sums {
  return {
    requests: a.requests + b.requests,
    statusClasses: a.statusClasses.map((count, index) => count + (b.statusClasses[index] ?? 0)),
    latencySumMs: a.latencySumMs + b.latencySumMs,
    bytesReceived: a.bytesReceived + b.bytesReceived,
    bytesSent: a.bytesSent + b.bytesSent,
  };
}

function addTallies(a: Tally, b: Tally): Tally {
  return {
    answers: a.answers + b.answers,
    serverErrors: a.serverErrors + b.serverErrors,
    resets: a.resets + b.resets,
    late: a.late + b.late,
    hung: a.hung + b.hung,
  };
}

function addBlockers(a: DrainBlockers, b: DrainBlockers): DrainBlockers {
  return {
    requests: a.requests + b.requests,
    oldestMs: Math.max(a.oldestMs, b.oldestMs),
    connections: a.connections + b.connections,
    websockets: a.websockets + b.websockets,
    sockets: a.sockets + b.sockets,
  };
}
