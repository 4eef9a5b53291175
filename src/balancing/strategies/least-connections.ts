import type { Backend, Strategy } from '../strategy.ts';
import { areBackupsDue } from './backups.ts';

/**
 * The free backend with the fewest connections per weight; equals take turns by weight. The turns are those of start-time
 * fair queueing (Goyal, Vin and Cheng), which looks at each backend once and changes only the picked one: its next turn,
 * kept as its credit, is 1/weight later on a clock that stands at the turn of the last pick.
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
        // Fractions compared as cross products: nothing is rounded while weights are whole.
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
