import { now } from '../system/clock.ts';
import type { Predecessor } from './predecessor.ts';

const BASE_MS = 100;
const CAP_MS = 10_000;
/** A primary that lived this long resets the delay. */
const STABLE_MS = 10_000;

/** When the next primary starts in the place of a dead one: with a growing delay, and when its predecessor left nothing that has to end. */
export class Respawn {
  readonly predecessor: Predecessor;
  #count = 0;
  #spawnedAt = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(predecessor: Predecessor) {
    this.predecessor = predecessor;
  }

  /** A primary is about to start. */
  get due(): boolean {
    return this.#timer !== null;
  }

  /** The next one starts at once. */
  reset(): void {
    this.#count = 0;
  }

  spawned(): void {
    this.#spawnedAt = now();
  }

  /** The delay before the next start, which is longer each time. */
  nextDelayMs(): number {
    if (now() - this.#spawnedAt > STABLE_MS) this.#count = 0;
    const delayMs = this.#count === 0 ? 0 : Math.min(BASE_MS * 2 ** this.#count, CAP_MS);
    this.#count++;
    return delayMs;
  }

  after(delayMs: number, start: () => void): void {
    const timer = setTimeout(() => {
      this.predecessor.whenGone(() => {
        if (this.#timer !== timer) return;
        this.#timer = null;
        start();
      });
    }, delayMs);
    this.#timer = timer;
  }

  cancel(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
