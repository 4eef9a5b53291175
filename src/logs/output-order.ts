import type { LogStream } from '../protocol/control.ts';
import { findMark } from '../protocol/output-mark.ts';

/** Output is not held back for longer, should what it waits for not come: the app has given its descriptor to something else. */
const PATIENCE_MS = 100;
const NOTHING = Buffer.alloc(0);

export interface OrderedPipe {
  readonly pass: (chunk: Buffer) => void;
  readonly end: () => void;
}

interface Side {
  readonly pipe: OrderedPipe;
  /** Read and not passed on. */
  held: Buffer;
  /** Bytes passed on, marks included. */
  passed: number;
  /** So many bytes of the other pipe come first. */
  after: number;
  hasEnded: boolean;
}

/** Takes the marks out of the output of one process, and passes on what is in its two pipes in the order in which it was written. */
export class OutputOrder {
  readonly #sides = new Map<LogStream, Side>();
  readonly #isWhole: boolean;
  #timer: NodeJS.Timeout | null = null;

  /** @param isWhole the pipes are read from their beginning; otherwise their order is not known */
  constructor(isWhole: boolean) {
    this.#isWhole = isWhole;
  }

  get hasEnded(): boolean {
    return this.#sides.size === 0;
  }

  add(stream: LogStream, pipe: OrderedPipe): void {
    this.#sides.set(stream, { pipe, held: NOTHING, passed: this.#isWhole ? 0 : Number.POSITIVE_INFINITY, after: 0, hasEnded: false });
  }

  write(stream: LogStream, chunk: Buffer): void {
    const side = this.#sides.get(stream);
    if (side === undefined) return;
    side.held = side.held.length === 0 ? chunk : Buffer.concat([side.held, chunk]);
    this.#passOn();
  }

  end(stream: LogStream): void {
    const side = this.#sides.get(stream);
    if (side === undefined) return;
    side.hasEnded = true;
    this.#passOn();
  }

  #passOn(): void {
    let hasPassed = true;
    while (hasPassed) {
      hasPassed = false;
      for (const [stream, side] of this.#sides) hasPassed = this.#passOf(stream, side) || hasPassed;
    }
    const waits = [...this.#sides.keys()].some((stream) => this.#waits(stream));
    if (!waits) this.#forgetTimer();
    else this.#timer ??= setTimeout(() => this.#giveUp(), PATIENCE_MS).unref();
  }

  /** @returns whether anything was passed on */
  #passOf(stream: LogStream, side: Side): boolean {
    if (this.#waits(stream)) return false;
    const mark = findMark(side.held);
    const isCut = mark?.otherBytes === null && !side.hasEnded;
    const text = side.held.subarray(0, mark === null || (mark.otherBytes === null && !isCut) ? undefined : mark.at);
    const taken = mark === null || mark.otherBytes === null ? text.length : mark.end;
    side.held = side.held.subarray(taken);
    side.passed += taken;
    side.after = mark?.otherBytes ?? side.after;
    if (text.length > 0) side.pipe.pass(text);
    if (side.hasEnded && side.held.length === 0) {
      this.#sides.delete(stream);
      side.pipe.end();
      return true;
    }
    return taken > 0;
  }

  #waits(stream: LogStream): boolean {
    const side = this.#sides.get(stream);
    const other = this.#sides.get(stream === 'out' ? 'err' : 'out');
    return side !== undefined && other !== undefined && other.passed < side.after && (side.held.length > 0 || side.hasEnded);
  }

  #giveUp(): void {
    this.#timer = null;
    for (const side of this.#sides.values()) side.after = 0;
    this.#passOn();
  }

  #forgetTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
