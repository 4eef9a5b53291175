import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../errors/lb-error.ts';
import { integer, list, nullable, number, object, string } from '../protocol/parser.ts';
import { writeFileNow } from '../system/atomic-file.ts';
import { readSaved, savedText } from './saved-file.ts';

export interface PrimaryId {
  readonly pid: number;
  readonly startTime: number | null;
}

interface SavedPrimary extends PrimaryId {
  readonly apps: readonly string[];
}

interface PrimaryRecordOptions {
  /** Of the primary. */
  readonly name: string;
  readonly primariesDir: string;
  readonly log: (message: string) => void;
}

/** The file by which the next daemon finds a primary, or what it left behind. */
export class PrimaryRecord {
  readonly #options: PrimaryRecordOptions;

  constructor(options: PrimaryRecordOptions) {
    this.#options = options;
  }

  read(): PrimaryId | null {
    return readSaved({ path: this.#file, parser: savedPrimary, log: this.#options.log, without: 'starting another primary' });
  }

  /**
   * Written in this turn: a daemon that dies right after it must not start a second primary. It need not survive the machine. A
   * primary that cannot be recorded is found when it connects to the next daemon.
   */
  write(primary: PrimaryId, apps: readonly { readonly name: string }[]): void {
    try {
      writeFileNow(this.#file, savedText({ ...primary, apps: apps.map(({ name }) => name) }));
    } catch (error) {
      this.#options.log(`primary ${this.#options.name} is not recorded: ${messageOf(error)}`);
    }
  }

  remove(): void {
    rmSync(this.#file, { force: true });
  }

  get #file(): string {
    return join(this.#options.primariesDir, `${this.#options.name}.json`);
  }
}

const savedPrimary = object<SavedPrimary>({ pid: integer(1), startTime: nullable(number()), apps: list(string) });
