import type { AppStats } from '../../protocol/stats.ts';
import { now } from '../../system/clock.ts';
import type { WorkerObserver } from '../workers/worker-handle.ts';

/** Heartbeats of several workers that come within this time go to the daemon together. */
const BUSY_EVERY_MS = 900;
/** So long those that came too early wait for another one to go with: what was told last would else be told again, before its worker's next heartbeat. */
const BUSY_LATEST_MS = 1_050;
/** The same while all of them are idle, whose heartbeats come every 5 s. */
const IDLE_EVERY_MS = 4_500;

interface StatsFeedOptions {
  readonly stats: () => AppStats;
  /** No worker has anything to do. */
  readonly idle: () => boolean;
  readonly send: (stats: AppStats) => void;
}

/** Tells the daemon what changed: once a second while heartbeats come, and at once when a worker changed its state. No timer runs while nothing is left to tell, so that an idle app stays idle. */
export class StatsFeed implements WorkerObserver {
  readonly #options: StatsFeedOptions;
  #sentAt = Number.NEGATIVE_INFINITY;
  #sentIdle = false;
  #scheduled = false;
  /** A heartbeat that came too early to be told at once. */
  #later: NodeJS.Timeout | null = null;

  constructor(options: StatsFeedOptions) {
    this.#options = options;
  }

  onBeat(): void {
    const toldIdle = this.#sentIdle && this.#options.idle();
    const passed = now() - this.#sentAt;
    if (passed >= (toldIdle ? IDLE_EVERY_MS : BUSY_EVERY_MS)) return this.#send();
    if (toldIdle || this.#later !== null) return;
    this.#later = setTimeout(() => this.#send(), (this.#sentIdle ? BUSY_EVERY_MS : BUSY_LATEST_MS) - passed).unref();
  }

  onStateChanged(): void {
    this.changed();
  }

  /** Its end is counted. */
  onClose(): void {
    this.changed();
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
    if (this.#later !== null) clearTimeout(this.#later);
    this.#later = null;
    this.#sentAt = now();
    this.#sentIdle = this.#options.idle();
    this.#options.send(this.#options.stats());
  }
}
