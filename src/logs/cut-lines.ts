import type { LogBytes } from './log-bytes.ts';

const BLOCK_BYTES = 64 * 1024;
const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;
/** Longer than any line that `lb` writes. What foreign programs wrote without newlines is cut, so that memory stays bounded. */
const MAX_LINE_BYTES = 1024 * 1024;

/** A line and where it begins in the file. */
export interface CutLine {
  readonly start: number;
  readonly text: string;
}

/** The lines of a file from its end to its beginning. */
export function* linesBackwards(bytes: LogBytes, end = bytes.size): Generator<CutLine> {
  /** Pieces of the line that began before them. */
  let after: Buffer[] = [];
  let kept = 0;
  let isLast = true;
  for (let position = end; position > 0; ) {
    const length = Math.min(BLOCK_BYTES, position);
    position -= length;
    const buffer = Buffer.allocUnsafe(length);
    const block = buffer.subarray(0, bytes.read(buffer, position));
    let stop = isLast && block.at(-1) === NEWLINE ? block.length - 1 : block.length;
    isLast = false;
    for (let before = newlineBefore(block, stop); before >= 0; before = newlineBefore(block, stop)) {
      yield { start: position + before + 1, text: textOf([block.subarray(before + 1, stop), ...after]) };
      after = [];
      kept = 0;
      stop = before;
    }
    after.unshift(block.subarray(0, stop));
    kept += stop;
    if (kept < MAX_LINE_BYTES && position > 0) continue;
    yield { start: position, text: textOf(after) };
    after = [];
    kept = 0;
    if (position === 0) return;
  }
}

const newlineBefore = (block: Buffer, stop: number): number => (stop === 0 ? -1 : block.lastIndexOf(NEWLINE, stop - 1));

/** Decodes only whole lines, so that no character is cut. */
function textOf(pieces: readonly Buffer[]): string {
  const [first = Buffer.alloc(0)] = pieces;
  const bytes = pieces.length === 1 ? first : Buffer.concat(pieces);
  return bytes.toString('utf8', 0, bytes.at(-1) === CARRIAGE_RETURN ? bytes.length - 1 : bytes.length);
}

/** Cuts what is read forwards into lines. */
export class LineCutter {
  #start: number;
  #pieces: Buffer[] = [];
  #kept = 0;

  /** @param start where in the file the first byte stands, which begins a line */
  constructor(start: number) {
    this.#start = start;
  }

  /** Whether a line is incomplete. */
  get isWithin(): boolean {
    return this.#kept > 0;
  }

  /** The lines that the chunk completes. */
  push(chunk: Buffer): CutLine[] {
    const lines: CutLine[] = [];
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, from)) {
      lines.push(this.#cut(chunk.subarray(from, end), 1));
      from = end + 1;
    }
    if (from === chunk.length) return lines;
    if (this.#kept + chunk.length - from >= MAX_LINE_BYTES) lines.push(this.#cut(chunk.subarray(from), 0));
    else {
      this.#pieces.push(chunk.subarray(from));
      this.#kept += chunk.length - from;
    }
    return lines;
  }

  /** The incomplete line; null if there is none. */
  rest(): CutLine | null {
    return this.isWithin ? this.#cut(Buffer.alloc(0), 0) : null;
  }

  /** @param newline the bytes between this line and the next */
  #cut(last: Buffer, newline: number): CutLine {
    const line = { start: this.#start, text: textOf(this.#kept === 0 ? [last] : [...this.#pieces, last]) };
    this.#start += this.#kept + last.length + newline;
    this.#pieces = [];
    this.#kept = 0;
    return line;
  }
}
