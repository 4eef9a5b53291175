import { ipHash } from './strategies/ip-hash.ts';
import { LeastConnections } from './strategies/least-connections.ts';
import { RandomOfTwo } from './strategies/random.ts';
import { RoundRobin } from './strategies/round-robin.ts';
import { xorshift } from './xorshift.ts';

/** A worker's place in the rotation of one listener. */
export interface Seat {
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

/** Decides which worker gets a connection. A full seat is never picked, and without stickiness none that is not free. */
export interface Strategy {
  /** True: `pick` wants the client's hash, and may name a seat that is not free yet: the connection then waits for that seat. */
  readonly sticky: boolean;
  /** The seat for the next connection; null when none may be picked now. `clientHash` is an unsigned 32-bit number, 0 when not sticky. */
  pick(seats: readonly Seat[], clientHash: number): Seat | null;
}

/** The strategies with which the primary hands each connection to a worker. */
export const HAND_OFF_STRATEGIES = ['round-robin', 'least-connections', 'ip-hash', 'random'] as const;
export type HandOffStrategy = (typeof HAND_OFF_STRATEGIES)[number];

/** @param random numbers from 0 to below 1, for `random`; by default the same sequence in each process. */
export function createStrategy(name: HandOffStrategy, random: () => number = xorshift()): Strategy {
  switch (name) {
    case 'round-robin':
      return new RoundRobin();
    case 'least-connections':
      return new LeastConnections();
    case 'ip-hash':
      return ipHash;
    case 'random':
      return new RandomOfTwo(random);
  }
}
