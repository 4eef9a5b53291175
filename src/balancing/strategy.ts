/** A worker's place in the rotation of one listener. */
export interface Backend {
  /** Identity for hashing; the same for the old and the new worker of a slot while both serve. */
  readonly slot: number;
  /** Effective weight, above 0; fractional during slow start. */
  weight: number;
  /** Connections it has open or was handed. */
  readonly connections: number;
  /** It took the last one it was handed (one unacknowledged connection per worker). */
  readonly free: boolean;
  /** Reached `max_conns`, or said so itself: takes no part. */
  readonly full: boolean;
  /** Only picked when no other is there that is not full. */
  readonly backup: boolean;
  /** Credit of smooth weighted round robin, owned by the strategies. */
  credit: number;
}

/**
 * Decides which worker gets a connection. A full backend is never picked. Only a sticky strategy picks one that is not free:
 * the connection then waits for that backend.
 */
export interface Strategy {
  /** The backend for the next connection; null when none may be picked now. `clientHash` is an unsigned 32-bit number, 0 when not sticky. */
  pick<B extends Backend>(backends: readonly B[], clientHash: number): B | null;
}
