import { mix } from '../mix.ts';
import type { Seat, Strategy } from '../strategy.ts';
import { areBackupsDue } from './backups.ts';

/** 2³² divided by the golden ratio: its multiples lie far apart. */
const GOLDEN = 0x9e3779b9;

/**
 * Rendezvous hashing (Thaler and Ravishankar): a client draws a number for every slot, and the best one is its worker's.
 * A slot that comes or goes moves only the clients that draw best for it. Draws are exponential with the weight as
 * their rate, and the earliest wins, which gives each slot its share exactly (Schindelhauer and Schomaker).
 */
export const ipHash: Strategy = {
  pick(seats, clientHash) {
    const backups = areBackupsDue(seats);
    let winner: Seat | null = null;
    let earliest = Number.POSITIVE_INFINITY;
    for (const seat of seats) {
      if (seat.backup !== backups || seat.full) continue;
      const drawn = draw(clientHash, seat.slot);
      // As -ln u ≥ 1 - u, most are known to be too late without a logarithm.
      if (1 - drawn >= earliest * seat.weight) continue;
      const at = -Math.log(drawn) / seat.weight;
      if (at >= earliest) continue;
      earliest = at;
      winner = seat;
    }
    return winner === null ? null : oldestOfSlot(seats, winner);
  },
};

/** While the old and the new worker of a slot both serve, sessions stay with the old one. */
function oldestOfSlot(seats: readonly Seat[], winner: Seat): Seat {
  for (const seat of seats) if (seat.slot === winner.slot && !seat.full && seat.backup === winner.backup) return seat;
  return winner;
}

/** Uniform between 0 and 1, never either of them. */
function draw(clientHash: number, slot: number): number {
  return ((mix(clientHash ^ Math.imul(slot + 1, GOLDEN)) >>> 0) + 0.5) / 2 ** 32;
}
