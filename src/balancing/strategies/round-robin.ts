import type { Backend, Strategy } from '../strategy.ts';
import { areBackupsDue } from './backups.ts';

/** How many connections a backend may fall behind its share. */
const MAX_ARREARS = 8;

/**
 * nginx's smooth weighted round robin: at each pick, every backend earns its weight, and the free one with the most credit is
 * picked and pays the total weight. Counts are exact over any run of total-weight picks. Credit divided by the total weight is
 * how many connections a backend is behind. A busy backend keeps earning and catches up later, by at most `MAX_ARREARS`
 * connections, so that a worker that was blocked for long is not flooded.
 */
export class RoundRobin implements Strategy {
  /** Maximum credit, from the total weight at the last pick. */
  #bound = Number.POSITIVE_INFINITY;
  /**
   * Surplus credit per backend, taken back at the next pick; 0 unless a backend joined or left with credit, or reached the
   * bound.
   */
  #excess = 0;

  pick<B extends Backend>(backends: readonly B[]): B | null {
    const backups = areBackupsDue(backends);
    if (!isAnyFree(backends, backups)) return null;
    const bound = this.#bound;
    const excess = this.#excess;
    let total = 0;
    let count = 0;
    let credits = 0;
    let price = 0;
    let richest: B | null = null;
    let most = Number.NEGATIVE_INFINITY;
    for (const backend of backends) {
      if (backend.backup !== backups || backend.full) continue;
      const { weight } = backend;
      let credit = backend.credit + weight - excess;
      // A busy backend at the bound earns nothing, so the picked one does not pay for it.
      if (credit <= bound || backend.free) price += weight;
      if (credit > bound) credit = bound;
      backend.credit = credit;
      total += weight;
      count++;
      credits += credit;
      if (credit <= most || !backend.free) continue;
      most = credit;
      richest = backend;
    }
    if (richest !== null) richest.credit -= price;
    this.#bound = MAX_ARREARS * total;
    this.#excess = (credits - price) / count;
    return richest;
  }
}

/** If no backend is free, none may earn. */
function isAnyFree(backends: readonly Backend[], backups: boolean): boolean {
  for (const backend of backends) if (backend.backup === backups && backend.free && !backend.full) return true;
  return false;
}
