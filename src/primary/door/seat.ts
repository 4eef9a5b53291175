import type { Seat as BalancingSeat } from '../../balancing/strategy.ts';
import type { Peer } from '../../protocol/proxy-header.ts';
import type { RawConnection } from './raw-handles.ts';

/** A connection that no worker has. */
export interface Untaken {
  /** Its listener. */
  readonly key: string;
  readonly connection: RawConnection;
  /** What a PROXY header said about it; null without one. */
  readonly peer: Peer | null;
}

/** A connection on its way from a listener to a worker. */
export interface PendingConnection extends Untaken {
  readonly clientHash: number;
  /** Monotonic. */
  readonly acceptedAt: number;
  /** When it was handed to a worker; 0 before. */
  handedAt: number;
}

/** A worker as the dispatcher sees it. */
export interface Target {
  readonly slot: number;
  /** The connection it was given and has not yet taken; one at a time, as Node allows one unacknowledged handle per channel. */
  pending: PendingConnection | null;
  /** Connections it has open or was handed; an upper bound while its last report is on the way. */
  readonly connections: number;
  hand(pending: PendingConnection): void;
}

/** Where a worker stands among those that a listener's connections may go to. */
export interface Place {
  readonly target: Target;
  /** Effective weight, above 0. */
  readonly weight: number;
  readonly backup: boolean;
}

/** A worker's place in the rotation of one listener, with what waits for this worker alone. */
export class Seat implements BalancingSeat {
  readonly target: Target;
  readonly slot: number;
  readonly waiting: PendingConnection[] = [];
  weight: number;
  backup: boolean;
  credit = 0;
  /** Open connections it may have. */
  limit = Number.POSITIVE_INFINITY;

  constructor({ target, weight, backup }: Place) {
    this.target = target;
    this.slot = target.slot;
    this.weight = weight;
    this.backup = backup;
  }

  get connections(): number {
    return this.target.connections;
  }

  get free(): boolean {
    return this.target.pending === null;
  }

  get full(): boolean {
    return this.target.connections >= this.limit;
  }
}
