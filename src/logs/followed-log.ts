import { fstatSync, statSync } from 'node:fs';
import { LineCutter, type CutLine } from './cut-lines.ts';
import { bytesOf, readBlock } from './log-bytes.ts';
import { closeParts, openParts, type LogPart } from './log-parts.ts';
import { MarkIndex } from './mark-index.ts';
import { lineOf } from './stored-log.ts';
import type { LogPlace, StoredLine } from './stored-line.ts';

/** The most that is read at once, so that a flood in one log does not hold up the others. */
const MAX_BYTES_AT_ONCE = 1024 * 1024;
/** An incomplete line is shown after this time, as the line `Continue? ` of a prompt. */
const INCOMPLETE_MS = 1000;
/** Two files that were last written at the same time are the same one, before and after it was compressed. */
const SAME_TIME_MS = 0.01;
const NOTHING = Buffer.alloc(0);

/** Reads what is appended to a log, through rotations, truncations, and the life and death of whoever writes it. */
export class FollowedLog {
  readonly place: LogPlace;
  readonly #problem: (message: string) => void;
  /** The file that is read; null before there is one. */
  #part: LogPart | null;
  #offset: number;
  #cutter: LineCutter;
  #marks: MarkIndex | null = null;
  /** Newer files, oldest first. */
  #newer: LogPart[] = [];
  #incompleteSince = 0;
  #order = -Infinity;

  /** @param part what was read before, up to its size; it is closed when it is no longer needed */
  constructor(place: LogPlace, part: LogPart | null, problem: (message: string) => void) {
    this.place = place;
    this.#problem = problem;
    this.#part = part;
    this.#offset = this.#part?.size ?? 0;
    this.#cutter = new LineCutter(this.#offset);
  }

  /** The lines that were appended since the last call, but not more than about a mebibyte. @param now monotonic milliseconds */
  async poll(now: number): Promise<StoredLine[]> {
    const lines: StoredLine[] = [];
    for (let bytes = 0; bytes < MAX_BYTES_AT_ONCE; ) {
      const block = this.#part?.fd == null ? NOTHING : readBlock(this.#part.fd, this.#offset);
      this.#offset += block.length;
      bytes += block.length;
      if (block.length > 0) {
        this.#incompleteSince = now;
        lines.push(...this.#marked(this.#cutter.push(block)));
      } else if (this.#newer.length > 0) lines.push(...this.#rest(), ...(await this.#goOn()));
      else if (!this.#findNewer()) break;
    }
    if (this.#cutter.isWithin && now - this.#incompleteSince >= INCOMPLETE_MS) lines.push(...this.#rest());
    return lines;
  }

  close(): void {
    this.#marks?.close();
    closeParts([...(this.#part === null ? [] : [this.#part]), ...this.#newer]);
  }

  /** Goes over to the next file; a compressed one is read at once. */
  async #goOn(): Promise<StoredLine[]> {
    const part = this.#newer.shift();
    if (part === undefined) return [];
    if (this.#part !== null) closeParts([this.#part]);
    this.#startAt(part, 0);
    if (!part.isGzipped) return [];
    const lines: CutLine[] = [];
    try {
      const bytes = await bytesOf(part);
      const all = Buffer.alloc(bytes.size);
      bytes.read(all, 0);
      bytes.close();
      lines.push(...this.#cutter.push(all));
    } catch (error) {
      this.#problem(`${part.path} cannot be read: ${String(error)}`);
    }
    return this.#marked(lines);
  }

  #startAt(part: LogPart, offset: number): void {
    this.#marks?.close();
    this.#marks = null;
    this.#part = part;
    this.#offset = offset;
    this.#cutter = new LineCutter(offset);
  }

  #rest(): StoredLine[] {
    const rest = this.#cutter.rest();
    return rest === null ? [] : this.#marked([rest]);
  }

  #marked(lines: readonly CutLine[]): StoredLine[] {
    const part = this.#part;
    if (lines.length === 0 || part === null) return [];
    if (this.#marks === null) this.#marks = MarkIndex.of(part) ?? MarkIndex.of({ ...part, marks: this.#marksOf(part) });
    else this.#marks.refresh();
    return lines.map((cut) => {
      const line = lineOf(this.place, this.#marks, cut);
      // The order in the file is true, whatever the clock did and whichever mark was written late.
      this.#order = Math.max(this.#order, line.at ?? this.#order);
      return { ...line, order: this.#order };
    });
  }

  /** The marks of a new file are written with its first line, after it was opened here, and renamed with it. */
  #marksOf(part: LogPart): string | null {
    const parts = openParts(this.place.path, this.place.marks, this.place.owner);
    closeParts(parts);
    return parts.find(({ inode }) => inode === part.inode)?.marks ?? null;
  }

  /** At the end of the file: whether there is something else to read. The file itself is read once more then, for what was written last. */
  #findNewer(): boolean {
    const found = inodeOf(this.place.path);
    const part = this.#part;
    if (part === null) this.#newer = found === null ? [] : openParts(this.place.path, this.place.marks, this.place.owner);
    else if (part.fd !== null && fstatSync(part.fd).size < this.#offset) {
      // Truncated in place, by a logrotate with copytruncate.
      this.#startAt(part, 0);
      return true;
    } else if (found !== null && found !== part.inode) this.#newer = this.#newerThan(part);
    return this.#newer.length > 0;
  }

  #newerThan({ fd, inode, changedAt, path }: LogPart): LogPart[] {
    const parts = openParts(this.place.path, this.place.marks, this.place.owner);
    const last = fd === null ? changedAt : fstatSync(fd).mtimeMs;
    const index = parts.findIndex((part) => part.inode === inode);
    const isNewer = (part: LogPart): boolean => part.changedAt > last + SAME_TIME_MS || part === parts.at(-1);
    const newer = index >= 0 ? parts.slice(index + 1) : parts.filter(isNewer);
    closeParts(parts.filter((part) => !newer.includes(part)));
    if (index < 0 && newer.length === parts.length && parts.length > 1)
      this.#problem(`lines of ${path} are missing here: it was rotated faster than it was read`);
    return newer;
  }
}

function inodeOf(path: string): number | null {
  try {
    return statSync(path).ino;
  } catch {
    return null;
  }
}
