import { messageOf } from '../errors/lb-error.ts';

/** Counts output that is lost, and reports each time that it happens once: when it begins, and how much it was when it is over. */
export class LossReport {
  totalBytes = 0;
  /** It cannot be written. */
  isBroken = false;
  /** What reads it takes nothing at present. */
  isStalled = false;
  readonly #path: string;
  readonly #report: (message: string) => void;
  /** Since the last report. */
  #bytes = 0;
  #isReported = false;

  constructor(path: string, report: (message: string) => void) {
    this.#path = path;
    this.#report = report;
  }

  get isBlocked(): boolean {
    return this.isBroken || this.isStalled;
  }

  dropped(bytes: number): void {
    this.#count(bytes);
    if (this.#isReported) return;
    this.#isReported = true;
    this.#report(`${this.#path} takes less than is written to it; output is being lost`);
  }

  /** It came when the log was closed. */
  late(bytes: number): void {
    this.totalBytes += bytes;
  }

  /** @param lostBytes had been handed over before it failed */
  failed(error: unknown, lostBytes: number): void {
    this.#count(lostBytes);
    if (!this.isBroken) this.#report(`${this.#path} cannot be written: ${messageOf(error)}`);
    this.isBroken = true;
    this.isStalled = false;
    this.#isReported = true;
  }

  stalled(): void {
    this.isStalled = true;
  }

  /** @param isEmpty nothing waits to be written */
  wrote(isEmpty: boolean): void {
    this.isStalled = false;
    if (this.#isReported && (this.isBroken || isEmpty)) this.#reset(`${this.#path} can be written again; ${this.#bytes} bytes were lost`);
  }

  /** @param bytes that were left */
  closed(bytes: number): void {
    this.#count(bytes);
    if (this.#bytes > 0) this.#reset(`${this.#path} was closed; ${this.#bytes} bytes were lost`);
  }

  #count(bytes: number): void {
    this.totalBytes += bytes;
    this.#bytes += bytes;
  }

  #reset(message: string): void {
    this.isBroken = false;
    this.#isReported = false;
    this.#bytes = 0;
    this.#report(message);
  }
}
