import type { Seat, Strategy } from '../strategy.ts';
import { areBackupsDue } from './backups.ts';

/**
 * The power of two choices (Mitzenmacher): two different free seats drawn by weight, and the one with fewer connections
 * per weight gets the connection. Nearly as even as looking at all of them.
 */
export class RandomOfTwo implements Strategy {
  readonly #random: () => number;
  /** Of the seats that may be drawn: their indexes, and the weights up to and with each. Kept, as arrays for each pick would cost more than the pick. */
  #indexes = new Uint32Array(16);
  #sums = new Float64Array(16);

  constructor(random: () => number) {
    this.#random = random;
  }

  pick(seats: readonly Seat[]): Seat | null {
    const count = this.#collect(seats);
    if (count === 0) return null;
    const total = this.#sum(count - 1);
    const first = this.#find(this.#random() * total, count);
    const one = seats[this.#indexes[first] ?? 0] ?? null;
    if (one === null || count === 1) return one;
    // The second is drawn as if the first were not there.
    const before = this.#sum(first - 1);
    const own = this.#sum(first) - before;
    const point = this.#random() * (total - own);
    const other = seats[this.#indexes[this.#find(point < before ? point : point + own, count)] ?? 0] ?? one;
    return other.connections * one.weight < one.connections * other.weight ? other : one;
  }

  #collect(seats: readonly Seat[]): number {
    const backups = areBackupsDue(seats);
    if (seats.length > this.#indexes.length) {
      this.#indexes = new Uint32Array(2 * seats.length);
      this.#sums = new Float64Array(2 * seats.length);
    }
    let count = 0;
    let sum = 0;
    for (let index = 0; index < seats.length; index++) {
      const seat = seats[index];
      if (seat === undefined || seat.backup !== backups || seat.full || !seat.free) continue;
      sum += seat.weight;
      this.#indexes[count] = index;
      this.#sums[count++] = sum;
    }
    return count;
  }

  #sum(upTo: number): number {
    return this.#sums[upTo] ?? 0;
  }

  #find(point: number, count: number): number {
    let at = 0;
    while (at < count - 1 && this.#sum(at) <= point) at++;
    return at;
  }
}
