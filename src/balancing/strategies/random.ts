import type { Backend, Strategy } from '../strategy.ts';
import { areBackupsDue } from './backups.ts';

/**
 * The power of two choices (Mitzenmacher): of two free backends drawn by weight, the one with fewer connections relative to its
 * weight. Nearly as even as comparing all of them.
 */
export class RandomOfTwo implements Strategy {
  readonly #random: () => number;
  /** Indexes of the candidates, and prefix sums of their weights. Reused, because allocating them would cost more than a pick. */
  #indexes = new Uint32Array(16);
  #sums = new Float64Array(16);

  constructor(random: () => number) {
    this.#random = random;
  }

  pick<B extends Backend>(backends: readonly B[]): B | null {
    const count = this.#collect(backends);
    if (count === 0) return null;
    const total = this.#sum(count - 1);
    const first = this.#find(this.#random() * total, count);
    const one = backends[this.#indexes[first] ?? 0] ?? null;
    if (one === null || count === 1) return one;
    // Excludes the first one from the draw.
    const before = this.#sum(first - 1);
    const own = this.#sum(first) - before;
    const point = this.#random() * (total - own);
    const other = backends[this.#indexes[this.#find(point < before ? point : point + own, count)] ?? 0] ?? one;
    return other.connections * one.weight < one.connections * other.weight ? other : one;
  }

  #collect(backends: readonly Backend[]): number {
    const backups = areBackupsDue(backends);
    if (backends.length > this.#indexes.length) {
      this.#indexes = new Uint32Array(2 * backends.length);
      this.#sums = new Float64Array(2 * backends.length);
    }
    let count = 0;
    let sum = 0;
    for (let index = 0; index < backends.length; index++) {
      const backend = backends[index];
      if (backend === undefined || backend.backup !== backups || backend.full || !backend.free) continue;
      sum += backend.weight;
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
