import type { ShutdownHandler } from '../../lifecycle/stop-ladder.ts';
import type { DrainBlockers } from '../../lifecycle/drain-blockers.ts';

interface DrainReport {
  readonly blockers: DrainBlockers | null;
  readonly quiet: boolean;
  readonly handler: ShutdownHandler;
}

/** What a worker reports about itself, besides heartbeats. The latest report counts. */
export class SelfDescription {
  /** The app said that it is ready. */
  saidReady = false;
  /** Why the app asked to get no new connections; null if it did not. */
  withdrawn: string | null = null;
  /** The weight that the app asked for; null uses the configured one. */
  weight: number | null = null;
  #drain: DrainReport = { blockers: null, quiet: false, handler: null };

  /** What it still has open; null before draining. */
  get blockers(): DrainBlockers | null {
    return this.#drain.blockers;
  }

  /** Whether it is draining and had no HTTP connection left once, not counting endless answers. */
  get quiet(): boolean {
    return this.#drain.quiet;
  }

  /** The shutdown signal that the app handles; null without a handler. */
  get handler(): ShutdownHandler {
    return this.#drain.handler;
  }

  drains({ blockers, quiet, handler }: DrainReport): void {
    this.#drain = { blockers, quiet: quiet || this.quiet, handler };
  }
}
