import { isEnded } from '../../lifecycle/states.ts';
import { now } from '../../system/clock.ts';
import { currentWorker, type Pool } from '../workers/pool.ts';
import type { Ingress } from './ingress.ts';

/** How long a listener stays open that no worker uses. */
const UNUSED_GRACE_MS = 10_000;

interface SweepOptions {
  readonly pool: Pool;
  readonly ingress: Ingress;
}

/** Closes the listeners that no worker uses, but not while a worker that may still ask for them is missing or starts. */
export class ListenerSweep {
  readonly #options: SweepOptions;
  readonly #unusedSince = new Map<string, number>();

  constructor(options: SweepOptions) {
    this.#options = options;
  }

  /** @returns after which time to call it again; null if nothing is unused. */
  sweep(at = now()): number | null {
    const { pool, ingress } = this.#options;
    const used = new Set(pool.workers.flatMap(({ keys }) => [...keys]));
    const unused = ingress.open.flatMap(({ key }) => (used.has(key) ? [] : [key]));
    for (const key of this.#unusedSince.keys()) if (!unused.includes(key)) this.#unusedSince.delete(key);
    if (unused.length === 0) return null;
    // The time begins when the last worker is ready.
    if (!this.#isSettled()) {
      this.#unusedSince.clear();
      return null;
    }
    for (const key of unused) if (!this.#unusedSince.has(key)) this.#unusedSince.set(key, at);
    const due = unused.filter((key) => at - (this.#unusedSince.get(key) ?? at) >= UNUSED_GRACE_MS);
    if (due.length > 0) this.close(due);
    const waiting = unused.flatMap((key) => this.#unusedSince.get(key) ?? []);
    return waiting.length === 0 ? null : Math.min(...waiting) + UNUSED_GRACE_MS - at;
  }

  /** Closes these listeners now. */
  close(keys: readonly string[]): void {
    const { ingress } = this.#options;
    for (const key of keys) this.#unusedSince.delete(key);
    ingress.closeAllBut(new Set(ingress.open.map(({ key }) => key).filter((key) => !keys.includes(key))));
  }

  #isSettled(): boolean {
    const { pool } = this.#options;
    if (pool.workers.some(({ state }) => state === 'starting')) return false;
    return pool.slots.every((slot) => slot.index >= pool.wanted || isEnded(slot.restart.phase) || currentWorker(slot)?.readyAt != null);
  }
}
