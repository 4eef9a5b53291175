import { LbError } from '../../errors/lb-error.ts';
import { PROFILE_TITLES, type ProfileKind } from '../../protocol/profile.ts';
import { now } from '../../system/clock.ts';

/** The profile that is taken of one worker, as its primary sees it; one at a time. */
export class WorkerProfile {
  #kind: ProfileKind | null = null;
  #waiting: { readonly path: string; readonly done: (error: string | null, bytes: number) => void } | null = null;
  #releasedAt = 0;

  /** What is taken now, with what comes before and after; null when nothing is. */
  get kind(): ProfileKind | null {
    return this.#kind;
  }

  /** While a profile is taken its worker may be blocked, and counts as alive. */
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

  /** Resolves with its size when the file is written. @throws LbError LB_ERR_PROFILE when that failed, the worker ended, or it does not answer in time */
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

  /** The worker's answer; one that comes after its deadline is of another file. */
  answered({ path, error, bytes }: { readonly path: string; readonly error: string | null; readonly bytes: number }): void {
    if (this.#waiting?.path === path) this.#waiting.done(error, bytes);
  }

  workerEnded(): void {
    this.#waiting?.done('the worker ended meanwhile', 0);
  }
}
