import { isOpen, type Piece } from './line-splitter.ts';

const NEWLINE = 0x0a;
const NEWLINE_ALONE = Buffer.from('\n');
const NOTHING = Buffer.alloc(0);

/**
 * Puts pieces of several sources into one file so that no line contains output of two. A line that is begun stays open for its
 * source; when another source writes first, it ends there, and its rest becomes a line of its own.
 */
export class LineJoin<Source extends object | string> {
  /** Whose line stands open. */
  #open: Source | null = null;

  /** @returns the bytes to write. */
  take(source: Source, piece: Piece): Buffer {
    const bytes = this.#isCutOff(source, piece) ? piece.bytes.subarray(1) : piece.bytes;
    if (bytes.length === 0) return NOTHING;
    const cutsOff = this.#open !== null && this.#open !== source;
    this.#open = isOpen(piece) ? source : null;
    return cutsOff ? Buffer.concat([NEWLINE_ALONE, bytes]) : bytes;
  }

  /** Its line was ended by another source, so its own end would make an empty line. */
  #isCutOff(source: Source, { bytes, continues }: Piece): boolean {
    return continues && this.#open !== source && bytes[0] === NEWLINE;
  }
}
