import type { Backend, Strategy } from '../strategy.ts';
import { areBackupsDue } from './backups.ts';

/**
 * The free backend with the fewest connections relative to its weight. Ties are broken by start-time fair queueing (Goyal, Vin
 * and Cheng): a pick delays only the picked backend's next turn, its credit, by 1/weight on a clock that stands at the last
 * picked turn. That takes one pass over the backends.
 */
export class LeastConnections implements Strategy {
  #clock = 0;

  pick<B extends Backend>(backends: readonly B[]): B | null {
    const backups = areBackupsDue(backends);
    let picked: B | null = null;
    let fewest = 0;
    let weight = 1;
    let turn = 0;
    for (const backend of backends) {
      if (backend.backup !== backups || backend.full || !backend.free) continue;
      const { connections } = backend;
      if (picked !== null) {
        // Cross products compare the fractions exactly while weights are whole numbers.
        const difference = connections * weight - fewest * backend.weight;
        if (difference > 0 || (difference === 0 && Math.max(backend.credit, this.#clock) >= turn)) continue;
      }
      picked = backend;
      fewest = connections;
      weight = backend.weight;
      turn = Math.max(backend.credit, this.#clock);
    }
    if (picked === null) return null;
    this.#clock = turn;
    picked.credit = turn + 1 / weight;
    return picked;
  }
}
