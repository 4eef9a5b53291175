import { fstatSync, openSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../errors/lb-error.ts';
import { programPlaces } from './program-places.ts';
import { copyProgramTo, findProgram, OPEN_PROGRAM, PROGRAM_PARTS, writeProgram, type Program } from './program.ts';
import { makeOpenPrograms } from './user-folder.ts';

interface KeptProgramOptions {
  /** What runs; null where nothing is known of it. */
  readonly program: Program | null;
  readonly home: string;
  /** The copy was not where it should be: what is done instead, in a sentence. */
  readonly missing: (message: string) => void;
}

/**
 * The program that this process runs, for the processes that it starts. Holds all files open: their content outlives their names and
 * takes no memory. So a copy that somebody deleted, even with the whole home, can be written again.
 */
export class KeptProgram {
  readonly #options: KeptProgramOptions;
  readonly #descriptors = new Map<string, number>();
  #directory: string;
  #isReported = false;

  constructor(options: KeptProgramOptions, directory: string) {
    this.#options = options;
    this.#directory = directory;
    try {
      for (const file of options.program?.files ?? []) this.#descriptors.set(file, openSync(join(directory, file), 'r'));
    } catch {
      // Without descriptors it can only be looked for.
    }
  }

  /** Null if nothing is known of it. */
  get current(): Program | null {
    return this.#options.program;
  }

  /** Of the build; null if it is not known. */
  get id(): string | null {
    return this.#options.program?.id ?? null;
  }

  /** The path of a part that exists, if any does. */
  path(part: keyof typeof PROGRAM_PARTS): string {
    return join(this.directory, PROGRAM_PARTS[part]);
  }

  /** Where its files are. Missing ones are written again first. */
  get directory(): string {
    const { program } = this.#options;
    if (program === null || isComplete(this.#directory, program)) return this.#directory;
    const before = this.#directory;
    try {
      this.#directory = copyProgramTo(programPlaces(this.#options.home), (below) => writeProgram(program, below, (file) => this.#read(file))).directory;
      this.#isReported = false;
      this.#options.missing(`files of its program were missing in ${before}; they are written again to ${this.#directory}`);
    } catch (error) {
      this.#runInstalled(program, before, messageOf(error));
    }
    return this.#directory;
  }

  /** A copy that everybody can read, and only this user can change. @throws Error if it cannot be written */
  openCopy(): string {
    const { program, home } = this.#options;
    if (program === null) throw new Error(`nothing is known of the program in ${this.#directory}`);
    return withOpenMask(() => writeProgram(program, makeOpenPrograms(home), (file) => this.#read(file), OPEN_PROGRAM).directory);
  }

  #runInstalled({ installation }: Program, before: string, reason: string): void {
    const installed = installation === null ? null : findProgram(installation);
    if (this.#isReported) return;
    this.#isReported = true;
    const instead =
      installed === null ? 'no new process can be started until they are back' : `what starts next runs ${installed.directory} (lb ${installed.version})`;
    this.#options.missing(`files of its program are missing in ${before} and cannot be written anywhere (${reason}); ${instead}`);
    if (installed !== null) this.#directory = installed.directory;
  }

  #read(file: string): Buffer {
    const descriptor = this.#descriptors.get(file);
    if (descriptor === undefined) throw new Error(`${file} was not kept`);
    const content = Buffer.alloc(fstatSync(descriptor).size);
    readSync(descriptor, content, 0, content.length, 0);
    return content;
  }
}

function withOpenMask<T>(make: () => T): T {
  const before = process.umask(0o022);
  try {
    return make();
  } finally {
    process.umask(before);
  }
}

function isComplete(directory: string, { files }: Program): boolean {
  try {
    return files.every((file) => statSync(join(directory, file)).isFile());
  } catch {
    return false;
  }
}
