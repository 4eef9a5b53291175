import type { FromWorker, OpenCount, ToWorker } from '../../protocol/worker.ts';
import { now } from '../../system/clock.ts';
import type { PendingConnection, Target, Untaken } from '../handles/connection.ts';
import type { RawConnection, RawListener } from '../handles/raw-handles.ts';
import { OpenEstimate } from './open-estimate.ts';
import type { Body, WorkerChannel } from './worker-channel.ts';
import type { WorkerMeter } from './worker-meter.ts';
import type { SentHandle } from './worker-process.ts';

/** What becomes of a probe: as of any handle, and it may still be given back after it was taken. */
export interface ProbeOutcome extends SentHandle {
  refused(): void;
}

interface HandOffEvents {
  /** The worker can have another connection: it took its last one, or closed one. */
  free(): void;
  notTaken(connection: Untaken): void;
}

interface HandOffOptions {
  readonly slot: number;
  readonly channel: WorkerChannel;
  readonly meter: WorkerMeter;
  readonly events: HandOffEvents;
}

/** Gives one worker its connections, and listening sockets to accept from; knows how many it has and which it did not take. */
export class HandOff implements Target {
  readonly slot: number;
  pending: PendingConnection | null = null;
  readonly #channel: WorkerChannel;
  readonly #meter: WorkerMeter;
  readonly #events: HandOffEvents;
  readonly #open = new OpenEstimate();
  #counts = false;
  /** The last connection of the primary's own; one at a time. */
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

  /** A connection of the primary's own, to see whether it is served. */
  probe(key: string, connection: RawConnection, outcome: ProbeOutcome): void {
    this.#probe = outcome;
    this.#deliver({ t: 'conn', key, probe: true }, connection, outcome);
  }

  /** From now on its count of open connections is right within milliseconds, or only with each heartbeat. */
  countConnections(on: boolean): void {
    if (on === this.#counts) return;
    this.#counts = on;
    this.#channel.post({ t: 'count', on });
  }

  /** `direct`: gives it a listening socket to accept from by itself. */
  lend(key: string, index: number, socket: RawListener, lost: () => void): void {
    this.#channel.postHandle({ t: 'socket', key, index, on: true }, socket, { taken: () => {}, lost });
  }

  counted(count: OpenCount): void {
    if (this.#open.counted(count)) this.#events.free();
  }

  /** It took the connection and gives it back: the server is closed, or has as many as its own `maxConnections` allows. */
  refused({ key, peer, probe }: Extract<FromWorker, { readonly t: 'refused' }>, connection: RawConnection): void {
    if (probe === true) {
      connection.close();
      return this.#probe?.refused();
    }
    this.#notTaken({ key, connection, peer: peer ?? null });
  }

  #deliver(message: Body<Extract<ToWorker, { readonly t: 'conn' }>>, connection: RawConnection, sent: SentHandle): void {
    this.#open.handed();
    const lost = (): void => {
      this.#open.lost();
      sent.lost();
    };
    this.#channel.postHandle(message, connection, { taken: () => sent.taken(), lost });
  }

  /** The connection goes to another worker; this one is asked again later, if it lives. */
  #notTaken(connection: Untaken): void {
    this.#meter.refuse();
    this.#events.notTaken(connection);
    this.#events.free();
  }
}
