import { LbError } from '../../errors/lb-error.ts';
import { PROFILE_TITLES, type ProfileKind } from '../../protocol/profile.ts';
import { now } from '../../system/clock.ts';

/** The profile that is being taken of one worker, seen from the primary; one at a time. */
export class WorkerProfile {
  #kind: ProfileKind | null = null;
  #waiting: { readonly path: string; readonly done: (error: string | null, bytes: number) => void } | null = null;
  #releasedAt = 0;

  /** The kind of the current profile, from its preparation to its end; null without one. */
  get kind(): ProfileKind | null {
    return this.#kind;
  }

  /** A worker may be blocked while its profile is taken, so it counts as alive until then. */
  get lastSignAt(): number {
    return this.#kind === null ? this.#releasedAt : now();
  }

  reserve(kind: ProfileKind): void {
    this.#kind = kind;
  }

  release(): void {
    this.#kind = null;
    this.#waiting = null;
    this.#releasedAt = now();
  }

  /** Resolves with the size in bytes when the file is written. @throws LbError LB_ERR_PROFILE if that fails, the worker exits, or no answer comes in time. */
  written(path: string, { what, app, timeoutMs }: { readonly what: ProfileKind; readonly app: string; readonly timeoutMs: number }): Promise<number> {
    return new Promise((resolve, reject) => {
      const done = (error: string | null, bytes: number): void => {
        clearTimeout(timer);
        if (error === null) resolve(bytes);
        else reject(new LbError('LB_ERR_PROFILE', { what: PROFILE_TITLES[what], app, reason: error }));
      };
      const timer = setTimeout(() => done(`the worker did not answer within ${Math.round(timeoutMs / 1000)} s`, 0), timeoutMs);
      this.#waiting = { path, done };
    });
  }

  /** Handles the worker's answer. A late answer to an earlier request has another path and is ignored. */
  answered({ path, error, bytes }: { readonly path: string; readonly error: string | null; readonly bytes: number }): void {
    if (this.#waiting?.path === path) this.#waiting.done(error, bytes);
  }

  workerEnded(): void {
    this.#waiting?.done('the worker exited', 0);
  }
}
