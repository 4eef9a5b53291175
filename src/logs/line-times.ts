import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errnoOf } from '../errors/lb-error.ts';
import type { LogStream } from '../protocol/control.ts';
import { appendToGuarded } from '../system/open-guarded.ts';
import { openRegularFile } from '../system/regular-file.ts';
import { MARK_BYTES, decodeHeader, decodeMark, encodeHeader, encodeMark, type LineMark } from './line-mark.ts';
import { shiftFiles } from './rotate.ts';

/** How many marks may be written at once, and how many per second: one for every line of most logs, for a part of the lines in a flood. */
const BURST_MARKS = 64;
const MARKS_PER_SECOND = 16;
const COARSE_MS = 1000;
/** Marks of lines that cannot be written are dropped with them. */
const MAX_PENDING = 4096;
/** Marks are written before their lines: a process that died in between has left marks beyond the end of the log, at most this far. */
const ALMOST_BYTES = 2 * 1024 * 1024;

/** When a line arrived, and from whom. */
export interface LineOrigin {
  readonly at: number;
  readonly slot: number;
  readonly pid: number;
  readonly stream: LogStream;
}

/** Bytes that are about to be appended to a log file. */
export interface Appending {
  readonly inode: number;
  /** Size of the file. */
  readonly offset: number;
  /** How many bytes its writer has written before, to all its files. */
  readonly position: number;
  readonly length: number;
}

/** Writes the marks of one log file. It never throws: a log without marks is better than none. */
export class LineTimes {
  /** As many files of marks are kept as rotated log files. */
  keep: number;
  readonly #path: string;
  readonly #thinner = new Thinner();
  #pending: { readonly position: number; readonly mark: Omit<LineMark, 'offset'> }[] = [];
  /** The log file that the marks belong to; null until it was looked up. */
  #inode: number | null = null;
  #offset = 0;
  #last: Omit<LineMark, 'offset'> | null = null;

  constructor(path: string, keep: number) {
    this.#path = path;
    this.keep = keep;
  }

  /** @param position of the beginning of the line among all bytes that its writer is given */
  note(position: number, origin: LineOrigin): void {
    const mark = this.#thinner.next(origin);
    if (mark === null) return;
    if (this.#pending.length >= MAX_PENDING) this.#pending.shift();
    this.#pending.push({ position, mark });
  }

  /**
   * Call before the bytes are appended, so that whoever reads them finds their marks.
   * @returns whether it took some time
   */
  async save({ inode, offset, position, length }: Appending): Promise<boolean> {
    const end = position + length;
    const due: LineMark[] = [];
    while (this.#pending[0] !== undefined && this.#pending[0].position < end) {
      const { position: at, mark } = this.#pending[0];
      if (at >= position) due.push({ offset: offset + at - position, ...mark });
      this.#pending.shift();
    }
    const isNew = this.#inode !== null && (inode !== this.#inode || offset < this.#offset);
    if (due.length === 0 && !isNew) return false;
    try {
      const header = await this.#headerFor(inode, offset);
      // The lines of a new file that come before its first mark go on from the file before.
      if (header !== null && this.#last !== null && due[0]?.offset !== offset) due.unshift({ ...this.#last, offset });
      await appendToGuarded(this.#path, Buffer.concat([...(header === null ? [] : [header]), ...due.map(encodeMark)]));
      this.#inode = inode;
      this.#offset = offset;
    } catch {
      this.#inode = null;
    }
    this.#last = due.at(-1) ?? this.#last;
    return true;
  }

  /** The header of a new file of marks, after the one before was rotated; null if the present one goes on. */
  async #headerFor(inode: number, offset: number): Promise<Buffer | null> {
    if (inode === this.#inode && offset >= this.#offset) return null;
    const found = await ownerOf(this.#path);
    // Another process may write to the file too, and have begun the file of marks.
    const wasTruncated = offset < this.#offset || (found !== null && found.lastOffset > offset + (offset === 0 ? 0 : ALMOST_BYTES));
    if (found?.inode === inode && !(wasTruncated && (this.#inode === null || this.#inode === inode))) return null;
    await mkdir(dirname(this.#path), { recursive: true, mode: 0o700 });
    await shiftFiles(this.#path, this.keep);
    return encodeHeader(inode);
  }
}

/** Which lines get a mark: each that has another origin than the one before, as long as those are few. */
class Thinner {
  #tokens = BURST_MARKS;
  #filledAt = 0;
  #last: Omit<LineMark, 'offset'> | null = null;

  next({ at, slot, pid, stream }: LineOrigin): Omit<LineMark, 'offset'> | null {
    const last = this.#last;
    const isSame = last !== null && last.slot === slot && last.pid === pid && last.stream === stream;
    if (isSame && last.at === at) return null;
    this.#tokens = Math.min(BURST_MARKS, this.#tokens + (Math.max(0, at - this.#filledAt) * MARKS_PER_SECOND) / 1000);
    this.#filledAt = at;
    if (this.#tokens >= 1 || last === null || Math.abs(at - last.at) >= COARSE_MS) return this.#marked({ at, slot, pid, stream });
    // The last mark goes on holding, unless it would name the wrong worker.
    return isSame || last.slot === null ? null : this.#marked({ at, slot: null, pid: null, stream: last.stream === stream ? stream : null });
  }

  #marked(mark: Omit<LineMark, 'offset'>): Omit<LineMark, 'offset'> {
    this.#tokens--;
    this.#last = mark;
    return mark;
  }
}

/** Whose marks an existing file has, and the last of them; null if there is none. */
async function ownerOf(path: string): Promise<{ readonly inode: number; readonly lastOffset: number } | null> {
  const file = await openRegularFile(path).catch((error: unknown) => {
    if (errnoOf(error) === 'ENOENT') return null;
    throw error;
  });
  if (file === null) return null;
  try {
    const bytes = Buffer.alloc(MARK_BYTES);
    await file.read(bytes, 0, MARK_BYTES, 0);
    const inode = decodeHeader(bytes);
    if (inode === null) return null;
    const count = Math.floor((await file.stat()).size / MARK_BYTES) - 1;
    if (count > 0) await file.read(bytes, 0, MARK_BYTES, count * MARK_BYTES);
    return { inode, lastOffset: count > 0 ? decodeMark(bytes, 0).offset : 0 };
  } finally {
    await file.close();
  }
}
