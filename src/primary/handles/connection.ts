import type { Peer } from '../../protocol/proxy-header.ts';
import type { RawConnection } from './raw-handles.ts';

/** A connection that no worker has taken. */
export interface Untaken {
  /** The key of its listener. */
  readonly key: string;
  readonly connection: RawConnection;
  /** The addresses from its PROXY header; null without one. */
  readonly peer: Peer | null;
}

/** A connection on its way from a listener to a worker. */
export interface PendingConnection extends Untaken {
  readonly clientHash: number;
  /** Monotonic time. */
  readonly acceptedAt: number;
  /** Monotonic time at which it was handed to a worker; 0 before that. */
  handedAt: number;
}

/** One worker, as the dispatcher sees it: the receiver of connections. */
export interface Target {
  readonly slot: number;
  /** The connection that was handed to it and is not acknowledged yet. One at a time, as Node sends only one unacknowledged handle per channel. */
  pending: PendingConnection | null;
  /** Connections it has open or in transit; an upper bound while its next count is in transit. */
  readonly connections: number;
  hand(pending: PendingConnection): void;
}
