import { now } from '../../system/clock.ts';
import { oomKillCounter } from '../../system/memory-room.ts';

const CHECK_EVERY_MS = 5_000;
/** The longest time between a kill and the notice of the worker's exit. */
const JUST_NOW_MS = 1_000;

/** Detects recent kills by the kernel's OOM killer, which explain an otherwise unexplained SIGKILL of a worker. */
export class KernelKills {
  readonly #count = oomKillCounter();
  #kills = this.#count();
  #readAt = now();
  /** When an increase of the counter was last noticed. */
  #killedAt = Number.NEGATIVE_INFINITY;

  /** Call this regularly: otherwise an old kill would be taken for a recent one. */
  check(): void {
    if (now() - this.#readAt >= CHECK_EVERY_MS) this.#read();
  }

  justNow(): boolean {
    this.#read();
    return now() - this.#killedAt < JUST_NOW_MS;
  }

  #read(): void {
    const before = this.#kills;
    this.#readAt = now();
    this.#kills = this.#count();
    if (before !== null && this.#kills !== null && this.#kills > before) this.#killedAt = now();
  }
}
