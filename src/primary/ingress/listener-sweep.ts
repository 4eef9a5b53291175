import { isEnded } from '../../lifecycle/states.ts';
import { unusedListeners, type UnusedListeners } from '../../lifecycle/unused-listeners.ts';
import { now } from '../../system/clock.ts';
import { currentWorker, type Pool } from '../workers/pool.ts';
import type { Ingress } from './ingress.ts';

/** Closes the listeners that no worker uses, after a grace. */
export class ListenerSweep {
  readonly #pool: Pool;
  readonly #ingress: Ingress;
  #unusedSince: UnusedListeners['since'] = new Map();

  constructor(pool: Pool, ingress: Ingress) {
    this.#pool = pool;
    this.#ingress = ingress;
  }

  /** @returns after which time to call it again; null if nothing is unused. */
  sweep(): number | null {
    const used = new Set(this.#pool.workers.flatMap(({ keys }) => [...keys]));
    const open = this.#ingress.open.map(({ key }) => key);
    const unused = open.filter((key) => !used.has(key));
    const { since, due, wakeInMs } = unusedListeners(this.#unusedSince, unused, this.#isSettled(), now());
    this.#unusedSince = since;
    if (due.length > 0) this.#ingress.closeAllBut(new Set(open.filter((key) => !due.includes(key))));
    return wakeInMs;
  }

  #isSettled(): boolean {
    const { slots, wanted, workers } = this.#pool;
    if (workers.some(({ state }) => state === 'starting')) return false;
    return slots.every((slot) => slot.index >= wanted || isEnded(slot.restart.phase) || currentWorker(slot)?.readyAt != null);
  }
}
