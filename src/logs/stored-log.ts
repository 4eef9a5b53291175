import { messageOf } from '../errors/lb-error.ts';
import { LineCutter, linesBackwards, type CutLine } from './cut-lines.ts';
import { bytesOf, chunksOf, fileBytes, type LogBytes } from './log-bytes.ts';
import { closeParts, openParts, type LogPart } from './log-parts.ts';
import { MarkIndex } from './mark-index.ts';
import type { LinePosition, LineSource, LogPlace, PlacedLine, StoredLine } from './stored-line.ts';
import { timeInLine } from './time-in-line.ts';

/** Up to this many lines without a time, such as a stack, belong to the line with a time before them. */
const LONGEST_UNTIMED = 1_000;
const NEWLINE = 0x0a;
/** The kernel stamps files with the time of its last tick, which may be this much earlier than the clock. */
const TICK_MS = 10;

/** The past lines of one log: those of its file and of the rotated files, as they were when it was opened. */
export class StoredLog implements LineSource {
  readonly place: LogPlace;
  readonly #parts: LogPart[];
  readonly #problem: (message: string) => void;

  /** @param wholeLines leaves an incomplete last line to whoever follows the file */
  constructor(place: LogPlace, wholeLines: boolean, problem: (message: string) => void) {
    this.place = place;
    this.#problem = problem;
    try {
      this.#parts = openParts(place.path, place.marks, place.owner);
    } catch (error) {
      this.#parts = [];
      problem(`${place.path} cannot be read: ${messageOf(error)}`);
    }
    for (const part of this.#parts) if (part.problem !== null) problem(part.problem);
    const last = this.#parts.at(-1);
    if (wholeLines && last !== undefined && last.fd !== null) this.#parts[this.#parts.length - 1] = { ...last, size: endOfLines(last) };
  }

  /** The newest file. */
  get last(): LogPart | null {
    return this.#parts.at(-1) ?? null;
  }

  /** Closes the files, but for one that is still needed. */
  close(except: LogPart | null = null): void {
    closeParts(this.#parts.filter((part) => part !== except));
  }

  async *backwards(): AsyncGenerator<PlacedLine> {
    let latest = Infinity;
    for (let number = this.#parts.length - 1; number >= 0; number--) {
      const part = this.#parts[number];
      const bytes = part === undefined ? null : await this.#open(part);
      if (part === undefined || bytes === null) continue;
      const marks = MarkIndex.of(part);
      const found = new Untimed(Math.min(latest, part.changedAt));
      try {
        for (const cut of linesBackwards(bytes)) {
          const line = lineOf(this.place, marks, cut);
          const placed = found.add({ line, position: { part: number, offset: cut.start } });
          if (placed !== null) yield* placed;
        }
        yield* found.rest(this.#parts[number - 1]?.changedAt ?? Infinity);
        latest = found.latest;
      } finally {
        marks?.close();
        bytes.close();
      }
    }
  }

  async *forwards({ part: first, offset }: LinePosition, order: number): AsyncGenerator<readonly StoredLine[]> {
    let before = order;
    for (let number = first; number < this.#parts.length; number++) {
      const part = this.#parts[number];
      if (part === undefined || part.problem !== null) continue;
      const marks = MarkIndex.of(part);
      const from = number === first ? offset : 0;
      const cutter = new LineCutter(from);
      const lines = (cuts: readonly CutLine[]): StoredLine[] =>
        cuts.map((cut) => {
          const line = lineOf(this.place, marks, cut);
          before = line.at === null ? before : Math.max(before, line.at);
          return { ...line, order: before };
        });
      try {
        for await (const chunk of chunksOf(part, from)) yield lines(cutter.push(chunk));
        const rest = cutter.rest();
        if (rest !== null) yield lines([rest]);
      } catch (error) {
        this.#problem(`${part.path} cannot be read: ${messageOf(error)}`);
      } finally {
        marks?.close();
      }
    }
  }

  seek(time: number): LinePosition {
    const found = this.#parts.findIndex(({ changedAt }) => changedAt + TICK_MS >= time);
    const part = this.#parts[found];
    if (part === undefined) return { part: this.#parts.length, offset: 0 };
    const marks = MarkIndex.of(part);
    const offset = marks?.offsetOf(time) ?? 0;
    marks?.close();
    return { part: found, offset };
  }

  async #open(part: LogPart): Promise<LogBytes | null> {
    if (part.problem !== null) return null;
    try {
      return await bytesOf(part);
    } catch (error) {
      this.#problem(`${part.path} cannot be read: ${messageOf(error)}`);
      return null;
    }
  }
}

/** The line with what its mark says, or it itself. */
export function lineOf({ app, slot, stream }: LogPlace, marks: MarkIndex | null, { start, text }: CutLine): StoredLine {
  const mark = marks?.at(start) ?? null;
  const at = mark === null ? timeInLine(text) : mark.at;
  return { app, slot: slot ?? mark?.slot ?? null, pid: mark?.pid ?? null, stream: stream ?? mark?.stream ?? null, at, text, order: at ?? -Infinity };
}

/** Gives lines without a time, which are read from the newest to the oldest, that of the line before them. */
class Untimed {
  latest: number;
  #lines: PlacedLine[] = [];
  /** There were so many that no time is expected. */
  #isHopeless = false;

  /** @param latest no line is newer */
  constructor(latest: number) {
    this.latest = latest;
  }

  /** Lines whose order is known now; null if there are none. */
  add(placed: PlacedLine): PlacedLine[] | null {
    if (placed.line.at !== null) {
      const order = Math.min(this.latest, placed.line.at);
      this.#isHopeless = false;
      return [...this.rest(order), { ...placed, line: { ...placed.line, order } }];
    }
    this.#lines.push(placed);
    if (!this.#isHopeless && this.#lines.length < LONGEST_UNTIMED) return null;
    this.#isHopeless = true;
    return this.rest(this.latest);
  }

  /** @param order of the line before the ones that wait */
  rest(order: number): PlacedLine[] {
    this.latest = Math.min(this.latest, order);
    const lines = this.#lines.map((placed) => ({ ...placed, line: { ...placed.line, order: this.latest } }));
    this.#lines = [];
    return lines;
  }
}

/** Where the last complete line ends. */
function endOfLines(part: LogPart): number {
  const { fd, size } = part;
  if (fd === null || size === 0) return size;
  const bytes = fileBytes(fd, size);
  const last = Buffer.alloc(1);
  if (bytes.read(last, size - 1) === 1 && last[0] === NEWLINE) return size;
  for (const { start } of linesBackwards(bytes)) return start;
  return 0;
}
