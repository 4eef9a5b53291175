import type { AppStats } from '../../protocol/stats.ts';
import { now } from '../../system/clock.ts';

/** Heartbeats of several workers that come within this time go to the daemon together. */
const BUSY_EVERY_MS = 900;
/** The same while all of them are idle, whose heartbeats come every 5 s. */
const IDLE_EVERY_MS = 4_500;

interface StatsFeedOptions {
  readonly stats: () => AppStats;
  /** No worker has anything to do. */
  readonly idle: () => boolean;
  readonly send: (stats: AppStats) => void;
}

/** Tells the daemon what changed: once a second while heartbeats come, and at once when a worker changed its state. Without a timer, so that an idle app stays idle. */
export class StatsFeed {
  readonly #options: StatsFeedOptions;
  #sentAt = Number.NEGATIVE_INFINITY;
  #sentIdle = false;
  #scheduled = false;

  constructor(options: StatsFeedOptions) {
    this.#options = options;
  }

  beat(): void {
    const toldIdle = this.#sentIdle && this.#options.idle();
    if (now() - this.#sentAt >= (toldIdle ? IDLE_EVERY_MS : BUSY_EVERY_MS)) this.#send();
  }

  /** Any number of changes in one turn is one message. */
  changed(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#send();
    });
  }

  #send(): void {
    this.#sentAt = now();
    this.#sentIdle = this.#options.idle();
    this.#options.send(this.#options.stats());
  }
}
