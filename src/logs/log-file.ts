import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../errors/lb-error.ts';
import { ByteQueue } from './byte-queue.ts';
import type { FileOwner } from './file-owner.ts';
import type { LineOrigin, LineTimes } from './line-times.ts';
import { LossReport } from './loss-report.ts';
import type { Command } from './log-program.ts';
import type { LogTarget } from './log-target.ts';
import { OpenLog } from './open-log.ts';
import { ProcessLog } from './process-log.ts';
import { Rotation, type RotationLimits } from './rotation.ts';
import { firstBytes, nextWrite } from './rotation-point.ts';

const MEBIBYTE = 1024 * 1024;
/** Above this many waiting bytes, the source should pause. */
const HIGH_WATER_BYTES = 4 * MEBIBYTE;
/** At this many waiting bytes, the source may resume. */
const LOW_WATER_BYTES = MEBIBYTE;
/** Above this, bytes of a source that does not pause are dropped. */
const LIMIT_BYTES = 8 * MEBIBYTE;
/** Limit while nothing can be written. The source does not pause then: a full disk must not stop an app. */
const BROKEN_LIMIT_BYTES = 2 * MEBIBYTE;
/** A batch, which costs one look at the file. The longest line fits, so that it is written at once. */
const BATCH_BLOCKS = 20;
const RETRY_MS = 1000;
/** A target that takes nothing at present is tried again after a millisecond, then after twice as long, up to this. */
const LONGEST_STALL_MS = 50;
/** A reader that is slow gets this long to take the rest when the log is closed. */
const CLOSE_MS = 1_000;
const NEWLINE = 0x0a;
const NEWLINE_ALONE = Buffer.from('\n');

export interface LogFileOptions extends RotationLimits {
  /** Only for messages if there is a program. */
  readonly path: string;
  /** Reads the log from its stdin, in place of a file. */
  readonly program?: Command | null;
  /** Notes when the lines arrived, and from whom. */
  readonly times?: LineTimes;
  /** Called when output cannot be written, or is lost, and when it can be written again. */
  readonly onProblem?: (message: string) => void;
  /** Time between attempts after a failure; default 1000. */
  readonly retryMs?: number;
}

/**
 * A log, appended to and rotated in the background. It never throws, and its memory is bounded. Use one object per path, and write
 * only whole lines if several sources share it.
 */
export class LogFile {
  readonly #options: LogFileOptions;
  readonly #queue = new ByteQueue();
  readonly #rotation: Rotation;
  readonly #loss: LossReport;
  #open: LogTarget | null = null;
  /** Of the file that was open before. */
  #owner: FileOwner | null = null;
  #reopen = false;
  #pump: Promise<void> | null = null;
  #retry: NodeJS.Timeout | null = null;
  #closed = false;
  /** A slow target makes the source pause. */
  #paces = true;
  /** What was written last ended with a newline. */
  #atLineStart = true;
  #stallMs = 1;
  #written = 0;
  #drainWaiters: (() => void)[] = [];
  #flushWaiters: { readonly written: number; readonly resolve: () => void }[] = [];

  constructor(options: LogFileOptions) {
    this.#options = options;
    this.#loss = new LossReport(options.path, (message) => this.#report(message));
    this.#rotation = new Rotation(options, (message) => this.#report(message));
  }

  /** Bytes not yet in the file. */
  get pendingBytes(): number {
    return this.#queue.length;
  }

  /** Bytes lost in total because they could not be written. */
  get droppedBytes(): number {
    return this.#loss.totalBytes;
  }

  set limits(limits: RotationLimits) {
    this.#rotation.limits = limits;
    if (this.#options.times !== undefined) this.#options.times.keep = limits.keep;
  }

  /**
   * Queues the bytes, or drops them. False asks the source to pause until `onDrain` calls.
   * @param origin of the lines among the bytes
   */
  write(chunk: string | Buffer, origin?: LineOrigin): boolean {
    const bytes = typeof chunk === 'string' ? Buffer.byteLength(chunk) : chunk.length;
    const limit = this.#loss.isBlocked ? BROKEN_LIMIT_BYTES : LIMIT_BYTES;
    if (this.#closed) this.#loss.late(bytes);
    else if (this.#queue.length + bytes > limit) {
      // Ends the line, so that later text is not appended to it.
      if (this.#queue.length > 0 && this.#queue.lastByte !== NEWLINE) this.#queue.push('\n');
      this.#loss.dropped(bytes);
    } else {
      if (origin !== undefined) this.#options.times?.note(this.#written + this.#queue.length, origin);
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

  /** After an external rotation: opens the path anew with the next write. Resolves when nothing more is written to the old file. */
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
    const deadline = performance.now() + CLOSE_MS;
    await this.flush();
    while (this.#queue.length > 0 && this.#loss.isStalled && performance.now() < deadline) {
      await sleep(LONGEST_STALL_MS);
      await this.flush();
    }
    await this.#pump;
    this.#cancelRetry();
    this.#loss.closed(this.#queue.clear());
    this.#drained();
    await this.#rotation.settled();
    await this.#release().catch((error: unknown) => this.#report(`${this.#options.path}: ${messageOf(error)}`));
  }

  #start(): void {
    if (this.#pump !== null || this.#retry !== null) return;
    this.#pump = this.#run().then((succeeded) => {
      this.#pump = null;
      // Something may have been queued since the loop ended.
      if (succeeded && (this.#queue.length > 0 || this.#reopen)) this.#start();
      else this.#flushed(Number.POSITIVE_INFINITY);
    });
  }

  /** Writes until the queue is empty; false after an error, and when the target takes nothing at present. */
  async #run(): Promise<boolean> {
    try {
      while (this.#queue.length > 0 || this.#reopen) {
        if (this.#reopen || (await this.#open?.isInPlace()) === false) {
          this.#reopen = false;
          await this.#release();
        }
        if (this.#queue.length > 0) {
          this.#open ??= await this.#openTarget();
          if (!(await this.#step(this.#open))) return false;
        }
        this.#flushed(this.#written);
        this.#drained();
      }
      return true;
    } catch (error) {
      await this.#failed(error);
      return false;
    }
  }

  async #openTarget(): Promise<LogTarget> {
    const { path, program = null } = this.#options;
    const target = program === null ? await OpenLog.open(path, this.#owner) : await ProcessLog.open(program);
    this.#paces = target.isRegular;
    return target;
  }

  /** @returns false when the target takes nothing at present. */
  async #step(open: LogTarget): Promise<boolean> {
    if (this.#atLineStart && !open.atLineStart) {
      // Somebody else left a line without its end.
      if ((await open.append([NEWLINE_ALONE])) === 0) return this.#stalled();
    }
    const waiting = this.#queue.peek(open.isRegular ? BATCH_BLOCKS : 1);
    const next = nextWrite(waiting, open.size, open.atLineStart, this.#rotation.limitOf(open));
    if (next === 'rotate') {
      await this.#rotation.rotate(open, () => this.#release());
      return true;
    }
    if (
      open instanceof OpenLog &&
      (await this.#options.times?.save({ inode: open.inode, offset: open.size, position: this.#written, length: next })) === true
    ) {
      // Another process may have rotated the file meanwhile, even twice, and is about to compress it.
      if (!(await open.isInPlace())) return true;
    }
    const count = await open.append(firstBytes(waiting, next));
    if (count === 0) return this.#stalled();
    this.#stallMs = 1;
    this.#queue.drop(count);
    this.#written += count;
    this.#atLineStart = open.atLineStart;
    this.#loss.wrote(this.#queue.length === 0);
    return true;
  }

  async #release(): Promise<void> {
    const open = this.#open;
    if (open === null) return;
    this.#open = null;
    if (open instanceof OpenLog && open.isRegular) this.#owner = open.owner;
    await open.close();
  }

  #stalled(): false {
    this.#loss.stalled();
    this.#retryIn(this.#stallMs);
    this.#stallMs = Math.min(LONGEST_STALL_MS, 2 * this.#stallMs);
    return false;
  }

  async #failed(error: unknown): Promise<void> {
    this.#loss.failed(error, this.#open?.lostBytes ?? 0);
    await this.#release().catch(() => {});
    this.#drained();
    this.#retryIn(this.#options.retryMs ?? RETRY_MS);
  }

  #retryIn(ms: number): void {
    if (this.#closed) return;
    this.#retry = setTimeout(() => {
      this.#retry = null;
      this.#start();
    }, ms).unref();
  }

  #cancelRetry(): void {
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#retry = null;
  }

  #mayFlow(limit: number): boolean {
    return !this.#paces || this.#loss.isBroken || this.#closed || this.#queue.length <= limit;
  }

  #drained(): void {
    if (this.#drainWaiters.length === 0 || !this.#mayFlow(LOW_WATER_BYTES)) return;
    for (const fn of this.#drainWaiters.splice(0)) queueMicrotask(fn);
  }

  #flushed(written: number): void {
    if (this.#reopen && written !== Number.POSITIVE_INFINITY) return;
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
