import { now } from '../../system/clock.ts';
import { oomKillCounter } from '../../system/memory-room.ts';

const CHECK_EVERY_MS = 5_000;
/** From a kill until its worker's exit is noticed. */
const JUST_NOW_MS = 1_000;

/** Knows whether the kernel has just killed for want of memory, which is then why a worker was ended by SIGKILL. */
export class KernelKills {
  readonly #count = oomKillCounter();
  #kills = this.#count();
  #lookedAt = now();
  /** When the counter was first seen higher. */
  #killedAt = Number.NEGATIVE_INFINITY;

  /** To be called now and then: a kill of long ago explains no SIGKILL of now. */
  check(): void {
    if (now() - this.#lookedAt >= CHECK_EVERY_MS) this.#read();
  }

  justNow(): boolean {
    this.#read();
    return now() - this.#killedAt < JUST_NOW_MS;
  }

  #read(): void {
    const before = this.#kills;
    this.#lookedAt = now();
    this.#kills = this.#count();
    if (before !== null && this.#kills !== null && this.#kills > before) this.#killedAt = now();
  }
}
