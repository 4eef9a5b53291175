import type { AppStats } from '../../protocol/stats.ts';
import { now } from '../../system/clock.ts';
import type { WorkerObserver } from '../workers/worker-handle.ts';

/** Minimum interval between messages: heartbeats that arrive within it share one message to the daemon. */
const BUSY_EVERY_MS = 900;
/** A heartbeat that arrives too early waits this long, slightly more than a heartbeat interval, to share the message of the next one. */
const BUSY_LATEST_MS = 1_050;
/** Minimum interval while all workers are idle: their heartbeats come every 5 s. */
const IDLE_EVERY_MS = 4_500;

interface StatsFeedOptions {
  readonly stats: () => AppStats;
  /** Whether every worker is idle. */
  readonly idle: () => boolean;
  readonly send: (stats: AppStats) => void;
}

/**
 * Reports the app's stats to the daemon: once a second while heartbeats come, and immediately when a worker changes state.
 * No timer runs when there is nothing to report, so an idle app stays idle.
 */
export class StatsFeed implements WorkerObserver {
  readonly #options: StatsFeedOptions;
  #sentAt = Number.NEGATIVE_INFINITY;
  #sentIdle = false;
  #scheduled = false;
  /** Sends the heartbeats that came too early to be reported immediately. */
  #later: NodeJS.Timeout | null = null;

  constructor(options: StatsFeedOptions) {
    this.#options = options;
  }

  onBeat(): void {
    const reportedIdle = this.#sentIdle && this.#options.idle();
    const passed = now() - this.#sentAt;
    if (passed >= (reportedIdle ? IDLE_EVERY_MS : BUSY_EVERY_MS)) return this.#send();
    if (reportedIdle || this.#later !== null) return;
    this.#later = setTimeout(() => this.#send(), (this.#sentIdle ? BUSY_EVERY_MS : BUSY_LATEST_MS) - passed).unref();
  }

  onStateChanged(): void {
    this.changed();
  }

  /** The exit has been added to the totals. */
  onClose(): void {
    this.changed();
  }

  /** All changes in one turn of the event loop share one message. */
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
    const stats = this.#options.stats();
    const idle = this.#options.idle();
    this.#sentAt = now();
    this.#sentIdle = idle && stats.requestsPerSecond === 0;
    this.#options.send(stats);
    // What exited workers answered counts for a second more, and no heartbeat tells when it is over.
    if (idle && !this.#sentIdle) this.#later = setTimeout(() => this.#send(), BUSY_LATEST_MS).unref();
  }
}
