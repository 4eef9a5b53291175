import { closeSync, fstatSync, readSync } from 'node:fs';
import { openRegular } from '../system/regular-file.ts';
import { MARK_BYTES, decodeHeader, decodeMark, type LineMark } from './line-mark.ts';

const WINDOW_MARKS = 1024;

/** A log file, and the file of its marks. */
interface MarkedFile {
  readonly inode: number;
  /** A compressed file has another inode than when it was written. */
  readonly isGzipped: boolean;
  readonly marks: string | null;
}

/** The inode of the log file to which these marks belong; null if they are none. */
export function ownerOfMarks(fd: number): number | null {
  const header = Buffer.alloc(MARK_BYTES);
  return readSync(fd, header, 0, MARK_BYTES, 0) < MARK_BYTES ? null : decodeHeader(header);
}

/** Looks up the marks of one log file, by offset and by time, without reading them all. */
export class MarkIndex {
  readonly #fd: number;
  #count = 0;
  #window: LineMark[] = [];
  /** Index of the first mark in the window. */
  #from = 0;
  readonly #one = Buffer.alloc(MARK_BYTES);

  private constructor(fd: number) {
    this.#fd = fd;
    this.refresh();
  }

  /** Null if they cannot be read. A rotation may have put those of another file in their place. */
  static of({ inode, isGzipped, marks }: MarkedFile): MarkIndex | null {
    if (marks === null) return null;
    try {
      const fd = openRegular(marks);
      if (isGzipped || ownerOfMarks(fd) === inode) return new MarkIndex(fd);
      closeSync(fd);
    } catch {
      // There are none.
    }
    return null;
  }

  /** Takes marks into account that have been added since. */
  refresh(): void {
    const count = Math.max(0, Math.floor(fstatSync(this.#fd).size / MARK_BYTES) - 1);
    if (count !== this.#count) this.#window = [];
    this.#count = count;
  }

  /** The mark that holds for the line beginning here; null if none does. */
  at(offset: number): LineMark | null {
    if (!this.#covers(offset)) {
      const index = this.#search((mark) => mark.offset <= offset);
      if (index < 0) return null;
      this.#load(index);
    }
    let low = -1;
    let high = this.#window.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((this.#window[middle]?.offset ?? Infinity) <= offset) low = middle;
      else high = middle;
    }
    return this.#window[low] ?? null;
  }

  /** An offset before which everything arrived earlier; 0 if that is not known. */
  offsetOf(time: number): number {
    const index = this.#search((mark) => mark.at < time);
    return index < 0 ? 0 : this.#read(index).offset;
  }

  close(): void {
    closeSync(this.#fd);
  }

  #covers(offset: number): boolean {
    const first = this.#window[0];
    const last = this.#window.at(-1);
    if (first === undefined || last === undefined || offset < first.offset) return false;
    return offset < last.offset || this.#from + this.#window.length === this.#count;
  }

  /** Index of the last mark of those, at the beginning, for which this holds; -1 if it holds for none. */
  #search(holds: (mark: LineMark) => boolean): number {
    let low = -1;
    let high = this.#count;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (holds(this.#read(middle))) low = middle;
      else high = middle;
    }
    return low;
  }

  #read(index: number): LineMark {
    readSync(this.#fd, this.#one, 0, MARK_BYTES, (index + 1) * MARK_BYTES);
    return decodeMark(this.#one, 0);
  }

  /** Loads the marks on both sides of one. */
  #load(index: number): void {
    const from = Math.max(0, index - WINDOW_MARKS / 2);
    const bytes = Buffer.alloc(Math.min(WINDOW_MARKS, this.#count - from) * MARK_BYTES);
    readSync(this.#fd, bytes, 0, bytes.length, (from + 1) * MARK_BYTES);
    const window: LineMark[] = [];
    for (let at = 0; at < bytes.length / MARK_BYTES; at++) {
      const mark = decodeMark(bytes, at);
      // Bytes that could not be written have left marks that the next ones replace.
      while ((window.at(-1)?.offset ?? -1) > mark.offset) window.pop();
      window.push(mark);
    }
    this.#from = from;
    this.#window = window;
  }
}
