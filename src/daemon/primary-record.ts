import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { integer, list, nullable, number, object, optional, string } from '../protocol/parser.ts';
import { writeFileNow } from '../system/atomic-file.ts';
import { readSaved, savedText } from './saved-file.ts';
import type { FileReports } from './unwritten.ts';

export interface PrimaryId {
  readonly pid: number;
  readonly startTime: number | null;
}

/** As the file names it. */
export interface RecordedPrimary extends PrimaryId {
  /** The pids of primaries before it of which something still runs. */
  readonly left?: readonly number[];
}

interface SavedPrimary extends RecordedPrimary {
  readonly apps: readonly string[];
}

interface PrimaryRecordOptions {
  /** Of the primary. */
  readonly name: string;
  readonly primariesDir: string;
  readonly reports: FileReports;
}

/** The file by which the next daemon finds a primary, or what it left behind. */
export class PrimaryRecord {
  readonly #options: PrimaryRecordOptions;
  /** What the file should contain; null for no file. */
  #text: string | null = null;

  constructor(options: PrimaryRecordOptions) {
    this.#options = options;
  }

  read(): RecordedPrimary | null {
    return readSaved({ path: this.#file, parser: savedPrimary, reports: this.#options.reports, without: 'starting another primary' });
  }

  /**
   * Written in this turn: a daemon that dies right after it must not start a second primary. It need not survive the machine. A
   * primary that cannot be recorded is found when it connects to the next daemon.
   */
  write(primary: PrimaryId, apps: readonly { readonly name: string }[], left: readonly number[]): void {
    this.#text = savedText({ ...primary, apps: apps.map(({ name }) => name), left });
    this.#update();
  }

  remove(): void {
    this.#text = null;
    this.#update();
  }

  /** A record that cannot be removed names a process that is gone, which its start time shows. */
  #update(): void {
    const { reports } = this.#options;
    try {
      if (this.#text === null) rmSync(this.#file, { force: true });
      else writeFileNow(this.#file, this.#text);
      reports.wrote(this.#file);
    } catch (error) {
      reports.failed(this.#file, error, 'the next daemon finds this primary only when it connects', () => this.#update());
    }
  }

  get #file(): string {
    return join(this.#options.primariesDir, `${this.#options.name}.json`);
  }
}

const savedPrimary = object<SavedPrimary>({ pid: integer(1), startTime: nullable(number()), apps: list(string), left: optional(list(integer(1))) });
