import type { Seat, Strategy } from '../strategy.ts';
import { areBackupsDue } from './backups.ts';

/**
 * The free seat with the fewest connections per weight; equals take turns by weight. The turns are those of start-time
 * fair queueing (Goyal, Vin and Cheng), which looks at each seat once and changes only the picked one: its next turn,
 * kept as its credit, is 1/weight later on a clock that stands at the turn of the last pick.
 */
export class LeastConnections implements Strategy {
  #clock = 0;

  pick(seats: readonly Seat[]): Seat | null {
    const backups = areBackupsDue(seats);
    let picked: Seat | null = null;
    let fewest = 0;
    let weight = 1;
    let turn = 0;
    for (const seat of seats) {
      if (seat.backup !== backups || seat.full || !seat.free) continue;
      const { connections } = seat;
      if (picked !== null) {
        // Fractions compared as cross products: nothing is rounded while weights are whole.
        const difference = connections * weight - fewest * seat.weight;
        if (difference > 0 || (difference === 0 && Math.max(seat.credit, this.#clock) >= turn)) continue;
      }
      picked = seat;
      fewest = connections;
      weight = seat.weight;
      turn = Math.max(seat.credit, this.#clock);
    }
    if (picked === null) return null;
    this.#clock = turn;
    picked.credit = turn + 1 / weight;
    return picked;
  }
}
