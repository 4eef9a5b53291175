import { messageOf } from '../errors/lb-error.ts';
import { ByteQueue } from './byte-queue.ts';
import { OpenLog } from './open-log.ts';
import { compressFiles, shiftFiles } from './rotate.ts';
import { nextWrite } from './rotation-point.ts';

const MEBIBYTE = 1024 * 1024;
/** Above this many waiting bytes, the source should pause. */
const HIGH_WATER_BYTES = 4 * MEBIBYTE;
/** At this many waiting bytes, the source may resume. */
const LOW_WATER_BYTES = MEBIBYTE;
/** Above this, bytes of a source that does not pause are dropped. */
const LIMIT_BYTES = 8 * MEBIBYTE;
/** Limit while the file can't be written. The source does not pause then: a full disk must not stop an app. */
const BROKEN_LIMIT_BYTES = MEBIBYTE;
const RETRY_MS = 1000;
/** Time until rotation is tried again after a failure; the file grows meanwhile. */
const ROTATION_RETRY_MS = 60_000;
const NEWLINE = 0x0a;

export interface LogFileOptions {
  readonly path: string;
  /** Rotate before the file grows larger; 0 for never. */
  readonly maxBytes: number;
  /** Number of rotated files to keep: `path.1`, `path.2.gz` and so on. */
  readonly keep: number;
  /** Called once when the file can't be written, and once when it can be again. */
  readonly onProblem?: (message: string) => void;
  /** Time between attempts after a failure; default 1000. */
  readonly retryMs?: number;
}

/**
 * A log file, appended to and rotated in the background. It never throws, and its memory is bounded. Use one object per path,
 * and write only whole lines if several sources share it.
 */
export class LogFile {
  readonly #options: LogFileOptions;
  readonly #queue = new ByteQueue();
  #open: OpenLog | null = null;
  /** The previous file, which may end within a line. */
  #before: OpenLog | null = null;
  #reopen = false;
  #pump: Promise<void> | null = null;
  #retry: NodeJS.Timeout | null = null;
  #compressing: Promise<void> | null = null;
  #rotateAfter = 0;
  #closed = false;
  /** Bytes dropped since the file can't be written; null if it can. */
  #broken: { dropped: number } | null = null;
  #dropped = 0;
  #written = 0;
  #drainWaiters: (() => void)[] = [];
  #flushWaiters: { readonly written: number; readonly resolve: () => void }[] = [];

  constructor(options: LogFileOptions) {
    this.#options = options;
  }

  /** Bytes not yet in the file. */
  get pendingBytes(): number {
    return this.#queue.length;
  }

  /** Bytes lost in total because they could not be written. */
  get droppedBytes(): number {
    return this.#dropped;
  }

  /** Queues the bytes, or drops them. False asks the source to pause until `onDrain` calls. */
  write(chunk: string | Buffer): boolean {
    const bytes = typeof chunk === 'string' ? Buffer.byteLength(chunk) : chunk.length;
    const limit = this.#broken === null ? LIMIT_BYTES : BROKEN_LIMIT_BYTES;
    if (this.#closed || this.#queue.length + bytes > limit) {
      // Ends the line, so that later text is not appended to it.
      if (this.#queue.length > 0 && this.#queue.lastByte !== NEWLINE) this.#queue.push('\n');
      this.#countDropped(bytes);
    } else {
      this.#queue.push(chunk);
      this.#start();
    }
    return this.#mayFlow(HIGH_WATER_BYTES);
  }

  /** Calls once, asynchronously, when the source may resume. */
  onDrain(fn: () => void): void {
    this.#drainWaiters.push(fn);
    this.#drained();
  }

  /** Opens the path anew after an external rotation. Resolves when it is open or can't be opened. */
  async reopen(): Promise<void> {
    this.#reopen = true;
    await this.flush();
  }

  /** Resolves when everything queued so far is in the file, or an attempt to write it has failed. */
  async flush(): Promise<void> {
    const attempt = new Promise<void>((resolve) => {
      this.#flushWaiters.push({ written: this.#written + this.#queue.length, resolve });
    });
    this.#cancelRetry();
    this.#start();
    await attempt;
  }

  /** Writes what is queued if possible, and closes the file; later writes are dropped. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.flush();
    await this.#pump;
    this.#cancelRetry();
    this.#countDropped(this.#queue.clear());
    this.#drained();
    await this.#compressing;
    await this.#release().catch((error: unknown) => this.#report(`${this.#options.path}: ${messageOf(error)}`));
  }

  #start(): void {
    if (this.#pump !== null || this.#retry !== null) return;
    this.#pump = this.#run().then((succeeded) => {
      this.#pump = null;
      // Something may have been queued since the loop ended.
      if (succeeded && (this.#queue.length > 0 || this.#reopen)) this.#start();
      else this.#flushed(Infinity);
    });
  }

  /** Writes until the queue is empty; false after an error. */
  async #run(): Promise<boolean> {
    try {
      while (this.#queue.length > 0 || this.#reopen) {
        if (this.#reopen || (await this.#open?.wasMoved())) {
          this.#reopen = false;
          await this.#release();
        }
        this.#open ??= await OpenLog.open(this.#options.path, this.#before);
        if (this.#queue.length > 0) await this.#step(this.#open);
        this.#flushed(this.#written);
        this.#drained();
      }
      return true;
    } catch (error) {
      await this.#failed(error);
      return false;
    }
  }

  async #step(open: OpenLog): Promise<void> {
    const waiting = this.#queue.peek();
    const next = this.#rotates(open) ? nextWrite(waiting, open.size, open.atLineStart, this.#maxBytes()) : waiting.length;
    if (next === 'rotate') return this.#rotate(open);
    const count = await open.append(waiting, next);
    this.#queue.drop(count);
    this.#written += count;
    this.#recovered();
  }

  #rotates(open: OpenLog): boolean {
    return this.#options.maxBytes > 0 && open.isRegular && performance.now() >= this.#rotateAfter;
  }

  /**
   * During a flood, while the previous file is still being compressed, the current one may grow to twice the size before
   * writing waits.
   */
  #maxBytes(): number {
    return this.#compressing === null ? this.#options.maxBytes : 2 * this.#options.maxBytes;
  }

  async #rotate(open: OpenLog): Promise<void> {
    const { path, keep } = this.#options;
    await this.#compressing;
    const size = open.size;
    const moved = await open.wasMoved(true);
    if (!moved && open.size < size) return;
    await this.#release();
    if (moved) return;
    try {
      await shiftFiles(path, keep);
    } catch (error) {
      this.#rotateAfter = performance.now() + ROTATION_RETRY_MS;
      this.#report(`${path} cannot be rotated: ${messageOf(error)}`);
      return;
    }
    if (keep < 2) return;
    this.#compressing = compressFiles(path, keep)
      .catch((error: unknown) => this.#report(`${path}: an old file cannot be gzipped: ${messageOf(error)}`))
      .finally(() => {
        this.#compressing = null;
      });
  }

  async #release(): Promise<void> {
    const open = this.#open;
    if (open === null) return;
    this.#open = null;
    this.#before = open;
    await open.close();
  }

  async #failed(error: unknown): Promise<void> {
    await this.#release().catch(() => {});
    if (this.#broken === null) this.#report(`${this.#options.path} cannot be written: ${messageOf(error)}`);
    this.#broken ??= { dropped: 0 };
    this.#drained();
    if (this.#closed) return;
    this.#retry = setTimeout(() => {
      this.#retry = null;
      this.#start();
    }, this.#options.retryMs ?? RETRY_MS).unref();
  }

  #recovered(): void {
    if (this.#broken === null) return;
    this.#report(`${this.#options.path} can be written again; ${this.#broken.dropped} bytes were lost`);
    this.#broken = null;
  }

  #cancelRetry(): void {
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#retry = null;
  }

  #countDropped(bytes: number): void {
    this.#dropped += bytes;
    if (this.#broken !== null) this.#broken.dropped += bytes;
  }

  #mayFlow(limit: number): boolean {
    return this.#broken !== null || this.#closed || this.#queue.length <= limit;
  }

  #drained(): void {
    if (this.#drainWaiters.length === 0 || !this.#mayFlow(LOW_WATER_BYTES)) return;
    for (const fn of this.#drainWaiters.splice(0)) queueMicrotask(fn);
  }

  #flushed(written: number): void {
    if (this.#reopen && written !== Infinity) return;
    for (let waiter = this.#flushWaiters[0]; waiter !== undefined && waiter.written <= written; waiter = this.#flushWaiters[0]) {
      this.#flushWaiters.shift();
      waiter.resolve();
    }
  }

  #report(message: string): void {
    try {
      this.#options.onProblem?.(message);
    } catch {
      // An error in the callback must not end the process.
    }
  }
}
