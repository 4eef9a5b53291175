const NEWLINE = 0x0a;
const NOTHING = Buffer.alloc(0);
const NEWLINE_ALONE = Buffer.from('\n');
const SMALLEST_CARRY_BYTES = 256;
/** Room for one UTF-8 character. */
const SHORTEST_MAX_BYTES = 4;
/** A longer line is passed on in pieces. */
const LONGEST_LINE_BYTES = 1024 * 1024;

/** Part of the output of one source: whole lines, then perhaps the beginning of one that goes on. */
export interface Piece {
  /** It ends with a newline, unless its last line goes on. */
  readonly bytes: Buffer;
  /** Its first line was begun by the piece before. */
  readonly continues: boolean;
}

export const isOpen = ({ bytes }: Piece): boolean => bytes[bytes.length - 1] !== NEWLINE;

/**
 * Cuts the chunks of a pipe after their last newline, however the chunks were cut, so that each piece consists of whole lines. A
 * line that is longer than the maximum, or was flushed, is passed on in pieces, between characters.
 */
export class LineSplitter {
  readonly #onPiece: (piece: Piece) => void;
  readonly #maxLineBytes: number;
  /** What is not passed on of the unfinished line. */
  #carry: Buffer = NOTHING;
  #carried = 0;
  /** The beginning of the unfinished line was passed on. */
  #isOpen = false;

  constructor(onPiece: (piece: Piece) => void, maxLineBytes = LONGEST_LINE_BYTES) {
    this.#onPiece = onPiece;
    this.#maxLineBytes = Math.max(SHORTEST_MAX_BYTES, maxLineBytes);
  }

  /** Whether the beginning of a line waits for its end. */
  get waits(): boolean {
    return this.#carried > 0;
  }

  /** Pieces refer to the chunk, so it must not be reused. */
  write(chunk: Buffer): void {
    let start = 0;
    if (this.#carried > 0) {
      const end = chunk.indexOf(NEWLINE) + 1;
      if (end === 0) return this.#keep(chunk);
      this.#append(chunk.subarray(0, end));
      this.#emitCarry(this.#carried);
      start = end;
    }
    const end = chunk.lastIndexOf(NEWLINE) + 1;
    if (end > start) this.#emit(chunk.subarray(start, end));
    if (Math.max(start, end) < chunk.length) this.#keep(chunk.subarray(Math.max(start, end)));
  }

  /** Passes on the beginning of a line whose end may take long. */
  flush(): void {
    this.#emitCarry(completeLength(this.#carry, this.#carried));
  }

  /** Passes on what is left, and ends the last line. */
  end(): void {
    this.#emitCarry(this.#carried);
    if (this.#isOpen) this.#emit(NEWLINE_ALONE);
  }

  #keep(bytes: Buffer): void {
    this.#append(bytes);
    if (this.#carried > this.#maxLineBytes) this.#emitCarry(completeLength(this.#carry, this.#carried));
  }

  #append(bytes: Buffer): void {
    const length = this.#carried + bytes.length;
    if (length > this.#carry.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(length, 2 * this.#carry.length, SMALLEST_CARRY_BYTES));
      this.#carry.copy(grown, 0, 0, this.#carried);
      this.#carry = grown;
    }
    bytes.copy(this.#carry, this.#carried);
    this.#carried = length;
  }

  /** The receiver keeps the buffer. */
  #emitCarry(length: number): void {
    if (length === 0) return;
    const carry = this.#carry.subarray(0, this.#carried);
    this.#carry = NOTHING;
    this.#carried = 0;
    if (length < carry.length) this.#append(carry.subarray(length));
    this.#emit(carry.subarray(0, length));
  }

  #emit(bytes: Buffer): void {
    const continues = this.#isOpen;
    this.#isOpen = bytes[bytes.length - 1] !== NEWLINE;
    this.#onPiece({ bytes, continues });
  }
}

/** How many bytes there are without a UTF-8 character that is begun at their end; all, if they are not UTF-8. */
function completeLength(bytes: Buffer, length: number): number {
  for (let back = 1; back <= 3 && back <= length; back++) {
    const byte = bytes[length - back] ?? 0;
    if ((byte & 0b1100_0000) === 0b1000_0000) continue;
    const characterBytes = byte >= 0b1111_0000 ? 4 : byte >= 0b1110_0000 ? 3 : byte >= 0b1100_0000 ? 2 : 1;
    return characterBytes > back ? length - back : length;
  }
  return length;
}
