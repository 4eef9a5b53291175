import { mix } from '../mix.ts';
import type { Backend, Strategy } from '../strategy.ts';
import { areBackupsDue } from './backups.ts';

/** 2³² divided by the golden ratio: its multiples are spread evenly. */
const GOLDEN = 0x9e3779b9;

/**
 * Rendezvous hashing (Thaler and Ravishankar): each client draws a number for every slot, and the best draw wins. A slot that
 * comes or goes moves only its own clients. Draws are exponential with the weight as rate and the earliest wins, so each slot
 * gets exactly its share (Schindelhauer and Schomaker).
 */
export const ipHash: Strategy = {
  pick<B extends Backend>(backends: readonly B[], clientHash: number): B | null {
    const backups = areBackupsDue(backends);
    let winner: B | null = null;
    let earliest = Number.POSITIVE_INFINITY;
    for (const backend of backends) {
      if (backend.backup !== backups || backend.full) continue;
      const drawn = draw(clientHash, backend.slot);
      // -ln u ≥ 1 - u, so most draws lose without computing the logarithm.
      if (1 - drawn >= earliest * backend.weight) continue;
      const at = -Math.log(drawn) / backend.weight;
      if (at >= earliest) continue;
      earliest = at;
      winner = backend;
    }
    return winner === null ? null : oldestOfSlot(backends, winner);
  },
};

/** While the old and the new worker of a slot both serve, sessions stay with the old one. */
function oldestOfSlot<B extends Backend>(backends: readonly B[], winner: B): B {
  for (const backend of backends) if (backend.slot === winner.slot && !backend.full && backend.backup === winner.backup) return backend;
  return winner;
}

/** Uniform in (0, 1). */
function draw(clientHash: number, slot: number): number {
  return ((mix(clientHash ^ Math.imul(slot + 1, GOLDEN)) >>> 0) + 0.5) / 2 ** 32;
}
