import type { AppSnapshot } from '../protocol/snapshot.ts';
import type { AppStats } from '../protocol/stats.ts';
import { now } from '../system/clock.ts';

/** Heartbeats of several workers that come within this time go to the daemon together. */
const AT_MOST_EVERY_MS = 900;

interface StatsFeedOptions {
  readonly snapshot: () => AppSnapshot;
  readonly send: (stats: AppStats) => void;
}

/** Tells the daemon what changed: once a second while heartbeats come, and at once when a worker changed its state. Without a timer, so that an idle app stays idle. */
export class StatsFeed {
  readonly #options: StatsFeedOptions;
  #sentAt = Number.NEGATIVE_INFINITY;
  #scheduled = false;

  constructor(options: StatsFeedOptions) {
    this.#options = options;
  }

  beat(): void {
    if (now() - this.#sentAt >= AT_MOST_EVERY_MS) this.#send();
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
    this.#options.send(statsOf(this.#options.snapshot()));
  }
}

function statsOf(snapshot: AppSnapshot): AppStats {
  const { name, state, instances, ready, generation, primaryPid, startedAt, cpuPercent, memoryBytes, connections, queued, panic } = snapshot;
  const { requestsPerSecond, p50Ms, p95Ms, p99Ms, errorRate, workers, totals } = snapshot;
  return {
    name, state, instances, ready, generation, primaryPid, startedAt, cpuPercent, memoryBytes, connections, queued, panic,
    requestsPerSecond, p50Ms, p95Ms, p99Ms, errorRate, workers, totals,
  };
}
