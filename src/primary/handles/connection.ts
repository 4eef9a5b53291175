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

/** Where the dispatcher hands connections: one worker's end of the hand-off. */
export interface Target {
  readonly slot: number;
  /** The connection it was given and has not taken yet; one at a time, as Node allows one unacknowledged handle per channel. */
  pending: PendingConnection | null;
  /** Connections it has open or was handed; an upper bound while its last report is on the way. */
  readonly connections: number;
  hand(pending: PendingConnection): void;
}
