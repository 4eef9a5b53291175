import { LbError } from '../errors/lb-error.ts';
import type { AppSpec } from '../lifecycle/app-spec.ts';
import { stopLimit } from '../lifecycle/stop-ladder.ts';
import type { Answer, Order } from '../protocol/attach.ts';
import type { StopBody } from '../protocol/control.ts';
import type { ProgressListener } from './attachment.ts';
import type { OrphanTracker } from './orphan-tracker.ts';
import type { PrimaryKeeper } from './primary-keeper.ts';

interface AppStopOptions {
  readonly app: { readonly name: string; readonly spec: AppSpec; readonly mayEnd: boolean };
  readonly keeper: PrimaryKeeper;
  readonly orphans: OrphanTracker;
  readonly ask: (order: Order, onProgress: ProgressListener) => Promise<Answer>;
  /** Its primary may go. */
  readonly agreed: () => void;
}

/** Stops one app: drains it through its primary, and waits for what a dead primary left behind. */
export class AppStop {
  readonly #options: AppStopOptions;
  /** The stop that is under way. */
  #draining: Promise<Answer | null> | null = null;

  constructor(options: AppStopOptions) {
    this.#options = options;
  }

  get current(): Promise<Answer | null> | null {
    return this.#draining;
  }

  /** A second stop skips ahead in the first. @returns null when it did not run. */
  async drain(options: StopBody, onProgress: ProgressListener): Promise<Answer | null> {
    const draining = this.#drained(options, onProgress);
    this.#draining ??= draining;
    try {
      return await draining;
    } finally {
      if (this.#draining === draining) this.#draining = null;
    }
  }

  async #drained(options: StopBody, onProgress: ProgressListener): Promise<Answer | null> {
    const { app, keeper, orphans, agreed } = this.#options;
    orphans.leave(stopLimit(app.spec));
    await keeper.cancelRespawn(app.name);
    try {
      if (!keeper.runs(app.name)) return null;
      const answer = app.mayEnd ? null : await this.#askToStop(options, onProgress);
      agreed();
      await keeper.gone(app.name);
      return answer;
    } finally {
      await orphans.gone(options.now === true, onProgress);
    }
  }

  /** @returns null when it ended by itself meanwhile. */
  async #askToStop(options: StopBody, onProgress: ProgressListener): Promise<Answer | null> {
    const { app, keeper, ask } = this.#options;
    try {
      return await ask({ kind: 'stop', ...options }, onProgress);
    } catch (error) {
      const { code } = LbError.from(error);
      if (code === 'LB_ERR_APP_STOPPED') {
        // Its primary is new, and has not started it.
        keeper.release(app.name);
        return null;
      }
      if (code !== 'LB_ERR_PRIMARY_LOST') throw error;
      // Only after that is it known which workers it leaves behind.
      await keeper.gone(app.name);
      if (app.mayEnd) return null;
      throw error;
    }
  }
}
