import { mix } from '../mix.ts';
import type { Backend, Strategy } from '../strategy.ts';
import { areBackupsDue } from './backups.ts';

/** 2³² divided by the golden ratio: its multiples lie far apart. */
const GOLDEN = 0x9e3779b9;

/**
 * Rendezvous hashing (Thaler and Ravishankar): a client draws a number for every slot, and the best one is its worker's.
 * A slot that comes or goes moves only the clients that draw best for it. Draws are exponential with the weight as
 * their rate, and the earliest wins, which gives each slot its share exactly (Schindelhauer and Schomaker).
 */
export const ipHash: Strategy = {
  pick<B extends Backend>(backends: readonly B[], clientHash: number): B | null {
    const backups = areBackupsDue(backends);
    let winner: B | null = null;
    let earliest = Number.POSITIVE_INFINITY;
    for (const backend of backends) {
      if (backend.backup !== backups || backend.full) continue;
      const drawn = draw(clientHash, backend.slot);
      // As -ln u ≥ 1 - u, most are known to be too late without a logarithm.
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

/** Uniform between 0 and 1, never either of them. */
function draw(clientHash: number, slot: number): number {
  return ((mix(clientHash ^ Math.imul(slot + 1, GOLDEN)) >>> 0) + 0.5) / 2 ** 32;
}
