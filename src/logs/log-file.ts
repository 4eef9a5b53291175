import { constants } from 'node:fs';
import { mkdir, open, stat, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { messageOf } from '../errors/lb-error.ts';
import { ByteQueue } from './byte-queue.ts';
import { compressFiles, shiftFiles } from './rotate.ts';
import { nextWrite } from './rotation-point.ts';

const MEBIBYTE = 1024 * 1024;
/** More than this waiting, and the source is asked to pause. */
const HIGH_WATER_BYTES = 4 * MEBIBYTE;
/** This little waiting, and it may go on. */
const LOW_WATER_BYTES = MEBIBYTE;
/** What a source that does not pause may add before its bytes are dropped. */
const LIMIT_BYTES = 8 * MEBIBYTE;
/** Kept while the file cannot be written: the source is not paused then, a full disk must not stop an app. */
const BROKEN_LIMIT_BYTES = MEBIBYTE;
const RETRY_MS = 1000;
const MOVED_CHECK_MS = 1000;
const NEWLINE = 0x0a;
/** A named pipe that nobody reads must not hold a thread of the pool in `open`. Unknown on Windows. */
const OPEN_FLAGS = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | (constants.O_NONBLOCK ?? 0);

export interface LogFileOptions {
  readonly path: string;
  /** Rotate before a file grows larger; 0 never does. */
  readonly maxBytes: number;
  /** Rotated files that stay: `path.1` plain, `path.2.gz` and so on. */
  readonly keep: number;
  /** Told once when the file cannot be written, and once when it can be again. */
  readonly onProblem?: (message: string) => void;
  /** Time between attempts after a failure; default 1000. */
  readonly retryMs?: number;
}

/**
 * A log file that is appended to and rotated in the background. It never throws and never grows without bound in memory.
 * One object per path: two on the same path do not know of each other's rotation.
 */
export class LogFile {
  readonly #options: LogFileOptions;
  readonly #queue = new ByteQueue();
  #file: FileHandle | null = null;
  #inode = 0;
  #rotates = false;
  #size = 0;
  #atLineStart = true;
  #checkedAt = 0;
  #reopen = false;
  #broken = false;
  #dropped = 0;
  #droppedNow = 0;
  #pump: Promise<void> | null = null;
  #compressing: Promise<void> | null = null;
  #retry: NodeJS.Timeout | null = null;
  #onDrain: (() => void)[] = [];
  #closed = false;

  constructor(options: LogFileOptions) {
    this.#options = options;
  }

  /** Bytes that are not yet in the file. */
  get pendingBytes(): number {
    return this.#queue.length;
  }

  /** Bytes that were lost since the start because the file could not be written. */
  get droppedBytes(): number {
    return this.#dropped;
  }

  /** Takes the bytes in any case; false asks the source to pause until `onDrain` calls. */
  write(chunk: string | Buffer): boolean {
    const bytes = typeof chunk === 'string' ? Buffer.byteLength(chunk) : chunk.length;
    const limit = this.#broken ? BROKEN_LIMIT_BYTES : LIMIT_BYTES;
    if (this.#closed || this.#queue.length + bytes > limit) {
      this.#countDropped(bytes);
    } else {
      this.#queue.push(chunk);
      this.#start();
    }
    return this.#broken || this.#closed || this.#queue.length <= HIGH_WATER_BYTES;
  }

  /** Calls once, and never synchronously, when the source may go on. */
  onDrain(fn: () => void): void {
    this.#onDrain.push(fn);
    queueMicrotask(() => this.#drained());
  }

  /** Goes on in a new file under the same path: for an external rotation. */
  async reopen(): Promise<void> {
    this.#reopen = true;
    await this.#once();
  }

  /** Resolves when everything taken so far is in the file, or has failed to get there. */
  async flush(): Promise<void> {
    await this.#once();
  }

  /** Writes what waits, if it can, and lets go of the file; what comes later is dropped. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#once();
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#retry = null;
    this.#countDropped(this.#queue.clear());
    this.#drained();
    await this.#compressing;
    await this.#release();
  }

  #countDropped(bytes: number): void {
    this.#dropped += bytes;
    this.#droppedNow += bytes;
  }

  #start(): void {
    if (this.#pump === null && this.#retry === null) this.#pump = this.#run();
  }

  /** One whole attempt that begins now or is under way. */
  async #once(): Promise<void> {
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#retry = null;
    this.#start();
    await this.#pump;
  }

  async #run(): Promise<void> {
    try {
      while (this.#queue.length > 0 || this.#reopen) {
        if (this.#reopen || (await this.#wasMoved())) await this.#release();
        this.#reopen = false;
        this.#file ??= await this.#open();
        if (this.#queue.length > 0) await this.#step(this.#file);
        this.#drained();
      }
    } catch (error) {
      await this.#failed(error);
    } finally {
      this.#pump = null;
    }
  }

  async #step(file: FileHandle): Promise<void> {
    const waiting = this.#queue.peek();
    const next = this.#rotates ? nextWrite(waiting, this.#size, this.#atLineStart, this.#limit()) : { write: waiting.length };
    if (next === 'rotate') return this.#rotate();
    const { bytesWritten } = await file.write(waiting, 0, next.write, null);
    if (bytesWritten === 0) throw new Error('nothing could be written');
    this.#atLineStart = waiting[bytesWritten - 1] === NEWLINE;
    this.#queue.drop(bytesWritten);
    this.#size += bytesWritten;
    this.#recovered();
  }

  /** A flood that fills a file while the one before is still being gzipped makes the file larger and does not wait. */
  #limit(): number {
    return this.#compressing === null ? this.#options.maxBytes : 2 * this.#options.maxBytes;
  }

  async #rotate(): Promise<void> {
    const { path, keep } = this.#options;
    await this.#compressing;
    if (await this.#wasMoved(true)) return this.#release();
    await this.#release();
    await shiftFiles(path, keep);
    if (keep < 2) return;
    this.#compressing = compressFiles(path, keep)
      .catch((error: unknown) => this.#options.onProblem?.(`${path}: rotated files cannot be gzipped: ${messageOf(error)}`))
      .finally(() => {
        this.#compressing = null;
      });
  }

  async #open(): Promise<FileHandle> {
    const { path, maxBytes } = this.#options;
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const file = await open(path, OPEN_FLAGS, 0o600);
    const stats = await file.stat();
    this.#inode = stats.ino;
    this.#size = stats.size;
    this.#rotates = stats.isFile() && maxBytes > 0;
    this.#atLineStart = true;
    this.#checkedAt = performance.now();
    return file;
  }

  async #release(): Promise<void> {
    const file = this.#file;
    this.#file = null;
    await file?.close();
  }

  /** Whether the path no longer leads to the open file: somebody has removed, renamed or rotated it. */
  async #wasMoved(always = false): Promise<boolean> {
    if (this.#file === null) return false;
    const at = performance.now();
    if (!always && at - this.#checkedAt < MOVED_CHECK_MS) return false;
    this.#checkedAt = at;
    const stats = await stat(this.#options.path).catch(() => null);
    if (stats === null || stats.ino !== this.#inode) return true;
    // Truncated in place (logrotate's copytruncate).
    if (this.#rotates && stats.size < this.#size) this.#size = stats.size;
    return false;
  }

  async #failed(error: unknown): Promise<void> {
    await this.#release().catch(() => {});
    if (!this.#broken) {
      this.#broken = true;
      this.#options.onProblem?.(`${this.#options.path} cannot be written: ${messageOf(error)}`);
    }
    this.#drained();
    if (this.#closed) return;
    this.#retry = setTimeout(() => {
      this.#retry = null;
      this.#start();
    }, this.#options.retryMs ?? RETRY_MS).unref();
  }

  #recovered(): void {
    if (!this.#broken) return;
    this.#broken = false;
    this.#options.onProblem?.(`${this.#options.path} is written again; ${this.#droppedNow} bytes were lost`);
    this.#droppedNow = 0;
  }

  #drained(): void {
    if (this.#onDrain.length === 0 || (!this.#broken && !this.#closed && this.#queue.length > LOW_WATER_BYTES)) return;
    const waiting = this.#onDrain;
    this.#onDrain = [];
    for (const fn of waiting) fn();
  }
}
