import type { LogStream } from '../protocol/control.ts';

/** A file with log lines, and whose they are. */
export interface LogPlace {
  readonly app: string;
  readonly path: string;
  /** Null if the workers share the file. */
  readonly slot: number | null;
  /** Null if stdout and stderr share the file. */
  readonly stream: LogStream | null;
  /** File of the marks of its lines; null if several apps write to it, whose marks do not fit together. */
  readonly marks: string | null;
  /** The user whose file it must be, because that user decides what the path leads to; null for any. */
  readonly owner?: number | null;
}

/** What is known of a line. */
export interface StoredLine {
  readonly app: string;
  readonly slot: number | null;
  readonly pid: number | null;
  /** Null if it stands in a file with both. */
  readonly stream: LogStream | null;
  /** When it was written, in epoch milliseconds. */
  readonly at: number | null;
  readonly text: string;
  /** Its place among the lines of other logs: its own time, or that of the line before; -Infinity if none is known. */
  readonly order: number;
}

/** Where a line begins. */
export interface LinePosition {
  /** Index of the file among the log file and its rotated files, oldest first. */
  readonly part: number;
  readonly offset: number;
}

export interface PlacedLine {
  readonly line: StoredLine;
  readonly position: LinePosition;
}

/** Past lines that can be read from both ends. */
export interface LineSource {
  /** From the newest to the oldest. */
  backwards(): AsyncIterable<PlacedLine>;
  /** In batches, from this line on. @param order of the first line, if it has no time of its own */
  forwards(from: LinePosition, order: number): AsyncIterable<readonly StoredLine[]>;
  /** A line before which all are older. */
  seek(time: number): LinePosition;
}
