import { now } from '../system/clock.ts';

const BASE_MS = 100;
const CAP_MS = 10_000;
/** A primary that lived this long resets the delay. */
const STABLE_MS = 10_000;

/** When the next primary starts in place of a dead one: with a growing delay. */
export class Respawn {
  #count = 0;
  #spawnedAt = 0;
  #timer: NodeJS.Timeout | null = null;

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
    this.#timer = setTimeout(() => {
      this.#timer = null;
      start();
    }, delayMs);
  }

  cancel(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
