const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const NOTHING = Buffer.alloc(0);
/** A larger buffer for an unfinished line is released when the line is complete. */
const KEPT_BYTES = 4096;
/** Room for one UTF-8 character. */
const SHORTEST_MAX_BYTES = 4;

/**
 * Splits the chunks of a pipe into lines, however the chunks were cut. A line ends with `\n` or `\r\n`; a longer one than the
 * maximum is split between characters.
 */
export class LineSplitter {
  readonly #onLine: (text: string) => void;
  readonly #maxLineBytes: number;
  /** The unfinished line. */
  #carry: Buffer = NOTHING;
  #carried = 0;

  constructor(onLine: (text: string) => void, maxLineBytes = 65536) {
    this.#onLine = onLine;
    this.#maxLineBytes = Math.max(SHORTEST_MAX_BYTES, maxLineBytes);
  }

  /** The caller may reuse the chunk afterwards. */
  write(chunk: Buffer): void {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      if (this.#carried === 0) {
        this.#emit(chunk, start, end);
      } else {
        this.#keep(chunk, start, end);
        this.#emitCarry();
      }
      start = end + 1;
    }
    if (start < chunk.length) this.#keep(chunk, start, chunk.length);
  }

  /** Emits a last line without a newline. */
  end(): void {
    if (this.#carried > 0) this.#emitCarry();
  }

  #emitCarry(): void {
    const carry = this.#carry;
    const length = this.#carried;
    if (carry.length > KEPT_BYTES) this.#carry = NOTHING;
    this.#carried = 0;
    this.#emit(carry, 0, length);
  }

  #emit(bytes: Buffer, from: number, to: number): void {
    const end = to > from && bytes[to - 1] === CARRIAGE_RETURN ? to - 1 : to;
    let start = from;
    while (end - start > this.#maxLineBytes) start = this.#emitPiece(bytes, start);
    this.#onLine(bytes.toString('utf8', start, end));
  }

  #emitPiece(bytes: Buffer, start: number): number {
    const end = characterStart(bytes, start + this.#maxLineBytes);
    this.#onLine(bytes.toString('utf8', start, end));
    return end;
  }

  /**
   * Appends to the unfinished line, and emits a piece once it is certainly too long: one extra byte may be the `\r` of the line
   * ending.
   */
  #keep(chunk: Buffer, from: number, to: number): void {
    const length = this.#carried + to - from;
    if (length > this.#carry.length) {
      const grown = Buffer.allocUnsafe(Math.max(length, Math.min(2 * this.#carry.length, this.#maxLineBytes + 2), 256));
      this.#carry.copy(grown, 0, 0, this.#carried);
      this.#carry = grown;
    }
    chunk.copy(this.#carry, this.#carried, from, to);
    let start = 0;
    while (length - start > this.#maxLineBytes + 1) start = this.#emitPiece(this.#carry, start);
    if (start > 0) this.#carry.copyWithin(0, start, length);
    this.#carried = length - start;
  }
}

/** Start of the character that contains the byte at `at`; `at` itself if the bytes are not UTF-8. */
function characterStart(bytes: Buffer, at: number): number {
  for (let back = 0; back <= 3; back++) {
    const byte = bytes[at - back] ?? 0;
    if ((byte & 0b1100_0000) !== 0b1000_0000) return byte >= 0b1100_0000 || back === 0 ? at - back : at;
  }
  return at;
}
