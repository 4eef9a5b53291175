import type { Backend, Strategy } from '../strategy.ts';
import { areBackupsDue } from './backups.ts';

/** Connections that a backend can be behind its share; what is beyond is forgotten. */
const MAX_ARREARS = 8;

/**
 * nginx's smooth weighted round robin: every backend earns its weight, and the richest free one is picked and pays what all
 * have earned. Counts are exact in every window of as many picks as all weigh together. Credit divided by that weight is
 * the number of connections a backend is behind its share: one that is not free earns as well and catches up later, with
 * at most `MAX_ARREARS` connections, so that a worker that was blocked for long is not flooded.
 */
export class RoundRobin implements Strategy {
  /** What a backend could have at the last pick. */
  #bound = Number.POSITIVE_INFINITY;
  /** What each backend has too much on average, and gives back: 0, unless one came or went with its credit, or met the bound. */
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
      // One that can earn no more until it is free costs the others nothing.
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

/** When nobody is free, nobody may earn either. */
function isAnyFree(backends: readonly Backend[], backups: boolean): boolean {
  for (const backend of backends) if (backend.backup === backups && backend.free && !backend.full) return true;
  return false;
}
