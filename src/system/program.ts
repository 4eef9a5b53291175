import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { messageOf } from '../errors/lb-error.ts';

/** One build of lb on disk: what a daemon, its primaries and their workers run. The build writes its manifest. */
export interface Program {
  /** Differs between two builds of the same version: `0.1.0-3f9a…`. */
  readonly id: string;
  readonly version: string;
  /** The newest version of saved files that it reads. */
  readonly saved: number;
  /** Relative paths of everything it loads, at once or later. */
  readonly files: readonly string[];
  readonly directory: string;
  /** Of a copy: the directory from which it was made. Null for an installation. */
  readonly installation: string | null;
}

/** Files of a program that others start or load. */
export const PROGRAM_PARTS = {
  daemon: 'daemon/program.cjs',
  daemonModule: 'daemon/main.cjs',
  primary: 'primary/main.cjs',
  preload: 'worker/preload.cjs',
} as const;

const MANIFEST = 'program.json';

/** @throws Error that says what is wrong with the manifest. */
export function readProgram(directory: string): Program {
  const path = join(directory, MANIFEST);
  const manifest: unknown = JSON.parse(readFileSync(path, 'utf8'));
  const { id, version, saved = 1, files, installation = null } = fieldsOf(manifest);
  if (typeof id !== 'string' || !/^[\w.+-]+$/.test(id) || id.startsWith('.')) throw new Error(`${path}: malformed id`);
  if (typeof version !== 'string' || typeof saved !== 'number' || !Array.isArray(files) || !files.every(isInside)) throw new Error(`${path}: malformed`);
  return { id, version, saved, files, directory, installation: typeof installation === 'string' ? installation : null };
}

/** Null if there is none. */
export function findProgram(directory: string): Program | null {
  try {
    return readProgram(directory);
  } catch {
    return null;
  }
}

/** Makes the copy of a program below a directory, or completes the one that is there. Several processes may do so at once. */
export function copyProgram(program: Program, below: string): Program {
  const read = (file: string): Buffer => readFileSync(join(program.directory, file));
  return writeProgram(program, below, read);
}

/** Who may read a copy. */
interface Modes {
  readonly directory: number;
  readonly file: number;
}

const PRIVATE: Modes = { directory: 0o700, file: 0o600 };
/** Readable by everybody. */
export const OPEN_PROGRAM: Modes = { directory: 0o755, file: 0o644 };

/** @param read the content of a file of the program. */
export function writeProgram(program: Program, below: string, read: (file: string) => Buffer, modes = PRIVATE): Program {
  const directory = join(below, program.id);
  const installation = program.installation ?? program.directory;
  for (const file of program.files) writeIfDifferent(join(directory, file), read(file), modes);
  const { id, version, saved, files } = program;
  // Last: a directory with a manifest is complete.
  writeIfDifferent(join(directory, MANIFEST), Buffer.from(JSON.stringify({ id, version, saved, files, installation })), modes);
  return { ...program, directory, installation };
}

/** Makes the copy in the first of these directories in which it can be made. @throws Error with the reasons if there is none. */
export function copyProgramTo(places: readonly (() => string)[], copy: (below: string) => Program): Program {
  const reasons: string[] = [];
  for (const place of places) {
    try {
      return copy(place());
    } catch (error) {
      reasons.push(messageOf(error));
    }
  }
  throw new Error(reasons.join('; '));
}

const fieldsOf = (value: unknown): Readonly<Record<string, unknown>> => (typeof value === 'object' && value !== null ? { ...value } : {});

/** A manifest names files of its own directory. */
const isInside = (file: unknown): file is string => typeof file === 'string' && !isAbsolute(file) && !file.split('/').includes('..');

function writeIfDifferent(path: string, content: Buffer, { directory, file }: Modes): void {
  if (holds(path, content)) return;
  mkdirSync(dirname(path), { recursive: true, mode: directory });
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, content, { mode: file });
  renameSync(temporary, path);
}

function holds(path: string, content: Buffer): boolean {
  try {
    return readFileSync(path).equals(content);
  } catch {
    return false;
  }
}
