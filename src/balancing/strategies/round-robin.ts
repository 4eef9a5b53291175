import type { Seat, Strategy } from '../strategy.ts';
import { areBackupsDue } from './backups.ts';

/** Connections that a seat can be behind its share, or ahead of it; what is beyond is forgotten. */
const MAX_ARREARS = 8;

/**
 * nginx's smooth weighted round robin: every seat earns its weight, and the richest free one is picked and pays what
 * all weigh together. Counts are exact in every window of as many picks as that. Credit divided by the total weight is
 * the number of connections a seat is behind its share: one that is not free earns as well and catches up later, with
 * at most `MAX_ARREARS` connections, so that a worker that was blocked for long is not flooded.
 */
export class RoundRobin implements Strategy {
  readonly sticky = false;
  /** What all weighed at the last pick. */
  #total = Number.POSITIVE_INFINITY;
  /** What they had together after it: 0, unless nobody was free to pay, a seat came or went with credit, or one met its bound. */
  #surplus = 0;

  pick(seats: readonly Seat[]): Seat | null {
    const backups = areBackupsDue(seats);
    const bound = MAX_ARREARS * this.#total;
    // A surplus or a deficit is shared by weight.
    const earning = 1 - this.#surplus / this.#total;
    let total = 0;
    let credits = 0;
    let richest: Seat | null = null;
    let most = Number.NEGATIVE_INFINITY;
    for (const seat of seats) {
      if (seat.backup !== backups || seat.full) continue;
      const { weight } = seat;
      let credit = seat.credit + weight * earning;
      if (credit > bound) credit = bound;
      else if (credit < -bound) credit = -bound;
      seat.credit = credit;
      total += weight;
      credits += credit;
      if (credit <= most || !seat.free) continue;
      most = credit;
      richest = seat;
    }
    if (richest !== null) richest.credit -= total;
    this.#total = total || Number.POSITIVE_INFINITY;
    this.#surplus = richest === null ? credits : credits - total;
    return richest;
  }
}
