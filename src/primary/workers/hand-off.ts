import type { FromWorker, OpenCount, ToWorker, Unmarked } from '../../protocol/worker.ts';
import { now } from '../../system/clock.ts';
import type { PendingConnection, Target, Untaken } from '../handles/connection.ts';
import type { RawConnection, RawListener } from '../handles/raw-handles.ts';
import { OpenEstimate } from './open-estimate.ts';
import type { WorkerChannel } from './worker-channel.ts';
import type { WorkerMeter } from './worker-meter.ts';
import type { SentHandle } from './worker-process.ts';

/** The outcome of a probe. After `taken`, the worker may still give it back. */
export interface ProbeOutcome extends SentHandle {
  refused(): void;
}

interface HandOffEvents {
  /** The worker can receive another connection, because it took the last one or closed one. */
  free(): void;
  notTaken(connection: Untaken): void;
}

interface HandOffOptions {
  readonly slot: number;
  readonly channel: WorkerChannel;
  readonly meter: WorkerMeter;
  readonly events: HandOffEvents;
}

/** Hands connections to one worker, or lends it the listening sockets. Tracks how many it has and which it did not take. */
export class HandOff implements Target {
  readonly slot: number;
  pending: PendingConnection | null = null;
  readonly #channel: WorkerChannel;
  readonly #meter: WorkerMeter;
  readonly #events: HandOffEvents;
  readonly #open = new OpenEstimate();
  #counts = false;
  /** The outcome of the current probe; one at a time. */
  #probe: ProbeOutcome | null = null;

  constructor({ slot, channel, meter, events }: HandOffOptions) {
    this.slot = slot;
    this.#channel = channel;
    this.#meter = meter;
    this.#events = events;
  }

  get connections(): number {
    return this.#open.value;
  }

  /** Open connections as the worker last reported them. */
  get reportedConnections(): number {
    return this.#open.reported;
  }

  hand(pending: PendingConnection): void {
    const { key, peer, connection } = pending;
    this.#deliver({ t: 'conn', key, ...(peer === null ? {} : { peer }) }, connection, {
      taken: () => {
        this.pending = null;
        connection.close();
        this.#meter.took(now() - pending.acceptedAt, now());
        this.#events.free();
      },
      lost: () => {
        this.pending = null;
        this.#meter.lost++;
        this.#notTaken(pending);
      },
    });
  }

  /** Hands over a connection of a health check. */
  probe(key: string, connection: RawConnection, outcome: ProbeOutcome): void {
    this.#probe = outcome;
    this.#channel.postHandle({ t: 'conn', key, probe: true }, connection, outcome);
  }

  /** Whether the worker reports its open connections within milliseconds of a change, or only with heartbeats. */
  countConnections(on: boolean): void {
    if (on === this.#counts) return;
    this.#counts = on;
    this.#channel.post({ t: 'count', on });
  }

  /** Lends the worker a listening socket to accept from. */
  lend(key: string, socket: RawListener, lost: () => void): void {
    this.#channel.postHandle({ t: 'socket', key, on: true }, socket, { taken: () => {}, lost });
  }

  counted(count: OpenCount): void {
    if (this.#open.counted(count)) this.#events.free();
  }

  /** The worker gave a connection back, because its server is closed or has reached its own `maxConnections`. */
  refused({ key, peer, probe }: Extract<FromWorker, { readonly t: 'refused' }>, connection: RawConnection): void {
    if (probe === true) {
      connection.close();
      return this.#probe?.refused();
    }
    this.#notTaken({ key, connection, peer: peer ?? null });
  }

  #deliver(message: Unmarked<Extract<ToWorker, { readonly t: 'conn' }>>, connection: RawConnection, sent: SentHandle): void {
    this.#open.handed();
    const lost = (): void => {
      this.#open.lost();
      sent.lost();
    };
    this.#channel.postHandle(message, connection, { taken: () => sent.taken(), lost });
  }

  /** Returns the connection for another worker. This worker may get others later. */
  #notTaken(connection: Untaken): void {
    this.#meter.refuse();
    this.#events.notTaken(connection);
    this.#events.free();
  }
}
