import type { ShutdownHandler } from '../../lifecycle/stop-ladder.ts';
import type { DrainBlockers } from '../../protocol/snapshot.ts';

interface DrainReport {
  readonly blockers: DrainBlockers | null;
  readonly quiet: boolean;
  readonly handler: ShutdownHandler;
}

/** What a worker says of itself, besides its heartbeats; the last word counts. */
export class SelfDescription {
  /** Why the app asked for no new connections; null when it did not. */
  withdrawn: string | null = null;
  /** The weight that the app asked for; null leaves it to the configuration. */
  weight: number | null = null;
  #drain: DrainReport = { blockers: null, quiet: false, handler: null };

  /** What it still has open; null before it drains. */
  get blockers(): DrainBlockers | null {
    return this.#drain.blockers;
  }

  /** It drains, and no HTTP connection is left. */
  get quiet(): boolean {
    return this.#drain.quiet;
  }

  /** The signal that the app listens for. */
  get handler(): ShutdownHandler {
    return this.#drain.handler;
  }

  drains({ blockers, quiet, handler }: DrainReport): void {
    this.#drain = { blockers, quiet, handler };
  }
}
