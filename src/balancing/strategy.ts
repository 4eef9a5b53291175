/** A worker in the rotation of one listener. */
export interface Backend {
  /** Key for hashing; the old and the new worker of a slot share it. */
  readonly slot: number;
  /** Effective weight, above 0; fractional during slow start. */
  weight: number;
  /** Connections that are open or being handed over. */
  readonly connections: number;
  /** It has taken the last connection handed to it (one at a time is in flight per worker). */
  readonly free: boolean;
  /** It has `max_conns` connections. */
  readonly full: boolean;
  /** Picked only if all regular backends are full. */
  readonly backup: boolean;
  /** State of the strategy. */
  credit: number;
}

/**
 * Picks the worker for each connection; never a full one. Only a sticky strategy picks a busy backend: the connection then
 * waits for it.
 */
export interface Strategy {
  /** The backend for the next connection; null if none can be picked now. @param clientHash unsigned 32-bit; 0 unless sticky */
  pick<B extends Backend>(backends: readonly B[], clientHash: number): B | null;
}
