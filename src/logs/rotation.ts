import { messageOf } from '../errors/lb-error.ts';
import { acquireLock, type Lock } from '../system/lock.ts';
import type { LogTarget } from './log-target.ts';
import { compressFiles, shiftFiles } from './rotate.ts';

/** Time until rotation is tried again after a failure; the file grows meanwhile. */
const RETRY_MS = 60_000;
/** Time until it is tried again while another process rotates the same file. */
const LOCKED_MS = 100;

export interface RotationLimits {
  /** Rotate before the file grows larger; 0 for never. */
  readonly maxBytes: number;
  /** Number of rotated files to keep: `path.1`, `path.2.gz` and so on. */
  readonly keep: number;
}

/** Rotates one log. Of the processes that write to the same file, one rotates at a time. */
export class Rotation {
  limits: RotationLimits;
  readonly #report: (message: string) => void;
  #compressing: Promise<void> | null = null;
  #after = 0;

  constructor(limits: RotationLimits, report: (message: string) => void) {
    this.limits = limits;
    this.#report = report;
  }

  /**
   * The size at which this file is to be rotated. During a flood, while the previous file is still being compressed, it may grow to
   * twice the size before writing waits.
   */
  limitOf(target: LogTarget): number {
    const { maxBytes } = this.limits;
    if (maxBytes === 0 || !target.isRegular || performance.now() < this.#after) return Number.POSITIVE_INFINITY;
    return this.#compressing === null ? maxBytes : 2 * maxBytes;
  }

  /** @param release closes the target, which is about to be renamed. */
  async rotate(target: LogTarget, release: () => Promise<void>): Promise<void> {
    await this.#compressing;
    const lock = await lockOf(target.path);
    if (lock === null) {
      this.#after = performance.now() + LOCKED_MS;
      return;
    }
    const isDone = await this.#shiftUnder(lock, target, release).catch((error: unknown) => {
      lock.release();
      throw error;
    });
    if (isDone) lock.release();
  }

  async settled(): Promise<void> {
    await this.#compressing;
  }

  /** @returns whether it is done; otherwise old files are still being compressed, and the lock is released afterwards */
  async #shiftUnder(lock: Lock, target: LogTarget, release: () => Promise<void>): Promise<boolean> {
    const { path, size } = target;
    const { keep } = this.limits;
    // Another process may have rotated it just now, or emptied it.
    const isInPlace = await target.isInPlace();
    if (isInPlace && target.size < size) return true;
    await release();
    if (!isInPlace) return true;
    try {
      await shiftFiles(path, keep);
      // Otherwise it would be rotated again at once, for ever.
      if (await target.isInPlace()) throw new Error('it is still there');
    } catch (error) {
      this.#after = performance.now() + RETRY_MS;
      this.#report(`${path} cannot be rotated: ${messageOf(error)}`);
      return true;
    }
    if (keep < 2) return true;
    this.#compressing = compressFiles(path, keep)
      .catch((error: unknown) => this.#report(`${path}: an old file cannot be gzipped: ${messageOf(error)}`))
      .finally(() => {
        this.#compressing = null;
        lock.release();
      });
    return false;
  }
}

/** Null while another process rotates the file. Where no lock can be had, it is rotated without one. */
const lockOf = (path: string): Promise<Lock | null> => acquireLock(`rotation of ${path}`).catch(() => ({ release: () => {} }));
