import { closeSync, fstatSync, readdirSync, realpathSync, statSync, type Stats } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { errnoOf, messageOf } from '../errors/lb-error.ts';
import { openRegular } from '../system/regular-file.ts';
import { ownerOfMarks } from './mark-index.ts';

const ATTEMPTS = 5;
/** Of a rotated file: a number, or the date of a logrotate. */
const SUFFIX = /(?:\.(\d{1,6})|-(\d{8}(?:[-.]?\d+)?))(\.gz)?$/;

/** A log file or one that was rotated. */
export interface LogPart {
  readonly path: string;
  readonly isGzipped: boolean;
  readonly inode: number;
  /** When it was opened; a compressed file is smaller than its text. */
  readonly size: number;
  readonly changedAt: number;
  /** Null for a compressed file, and one that cannot be opened. */
  readonly fd: number | null;
  /** File of the marks of its lines; null if there is none. */
  readonly marks: string | null;
  readonly problem: string | null;
  /** The user whose file it must be; null for any. */
  readonly owner: number | null;
}

interface Name {
  readonly path: string;
  /** 0 for the log file itself. */
  readonly number: number;
  /** Order among files with the same number: those of a logrotate with dates come first. */
  readonly date: string;
  readonly isGzipped: boolean;
}

/**
 * The log file and its rotated files, oldest first; those that are not compressed are open, so that a rotation takes nothing
 * from a reader. Close them with `closeParts`.
 * @param marks file of the marks, see `line-mark.ts`; null if none are needed
 * @param owner the user whose files they must be; null for any
 */
export function openParts(path: string, marks: string | null, owner: number | null = null): LogPart[] {
  const log = targetOf(path);
  let parts: LogPart[] = [];
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const names = namesOf(log);
    const before = fingerprint(names);
    closeParts(parts);
    parts = names.flatMap((name) => openPart(name, owner) ?? []);
    // A rotation in between would show a file twice, or not at all.
    if (fingerprint(namesOf(log)) === before) break;
  }
  return marks === null ? parts : withMarks(parts, marks);
}

export function closeParts(parts: readonly LogPart[]): void {
  for (const { fd } of parts) if (fd !== null) closeSync(fd);
}

/** The file behind all links, beside which the rotated files are; the path itself if there is none yet. */
export function targetOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

/** Where a compressed part is now: a rotation may have renamed it. */
export function pathOf({ path, inode }: LogPart): string {
  if (statOf(path)?.ino === inode) return path;
  const log = path.replace(SUFFIX, '');
  return namesOf(log).find((name) => statOf(name.path)?.ino === inode)?.path ?? path;
}

function namesOf(path: string): Name[] {
  const base = basename(path);
  const directory = dirname(path);
  let files: string[];
  try {
    files = readdirSync(directory);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw error;
  }
  const names = files.filter((file) => file.startsWith(base)).flatMap((file) => nameOf(join(directory, file), file.slice(base.length)) ?? []);
  // While a file is being compressed, both are there for a moment; the uncompressed one is complete.
  const plain = new Set(names.filter(({ isGzipped }) => !isGzipped).map(({ path: file }) => file));
  return names
    .filter(({ path: file, isGzipped }) => !isGzipped || !plain.has(file.slice(0, -'.gz'.length)))
    .sort((a, b) => b.number - a.number || (a.date < b.date ? -1 : 1));
}

/** `''`, `.1`, `.2.gz`, and `-20261129.gz` of a logrotate. */
function nameOf(path: string, suffix: string): Name | null {
  if (suffix === '') return { path, number: 0, date: '', isGzipped: false };
  const [, number, date, gz] = new RegExp(`^${SUFFIX.source}`).exec(suffix) ?? [];
  if (number === undefined && date === undefined) return null;
  return { path, number: number === undefined ? Infinity : Number(number), date: date ?? '', isGzipped: gz !== undefined };
}

function fingerprint(names: readonly Name[]): string {
  return names.map(({ path }) => `${path} ${statOf(path)?.ino ?? '-'}`).join('\n');
}

function statOf(path: string): Stats | null {
  try {
    return statSync(path);
  } catch {
    return null;
  }
}

/** Null for what is no file, such as a device, and for one that has gone. */
function openPart({ path, isGzipped }: Name, owner: number | null): LogPart | null {
  const stats = statOf(path);
  if (stats === null || !stats.isFile()) return null;
  const part = { path, isGzipped, inode: stats.ino, size: stats.size, changedAt: stats.mtimeMs, fd: null, marks: null, problem: null, owner };
  if (isGzipped) return part;
  try {
    const fd = openRegular(path, owner);
    const { ino, size, mtimeMs } = fstatSync(fd);
    return { ...part, inode: ino, size, changedAt: mtimeMs, fd };
  } catch (error) {
    return errnoOf(error) === 'ENOENT' ? null : { ...part, problem: `${path} cannot be read: ${errnoOf(error) ?? messageOf(error)}` };
  }
}

/**
 * Finds the marks of each part. Uncompressed files have the same inode in the header. A compressed one has another inode than
 * when it was written; its marks are as many files away from it as those of the uncompressed files are from theirs.
 */
function withMarks(parts: readonly LogPart[], marks: string): LogPart[] {
  const names = namesOf(marks);
  const owners = new Map(names.map(({ path, number }) => [ownerOf(path), { path, number }]));
  const numberOf = (part: LogPart): number | null => {
    const digits = SUFFIX.exec(part.path)?.[1];
    return digits === undefined ? (part === parts.at(-1) ? 0 : null) : Number(digits);
  };
  const known = parts.flatMap((part) => {
    const owner = part.isGzipped ? undefined : owners.get(part.inode);
    const number = numberOf(part);
    return owner === undefined || number === null ? [] : [owner.number - number];
  });
  const shift = known[0] ?? 0;
  return parts.map((part) => {
    if (!part.isGzipped) return { ...part, marks: owners.get(part.inode)?.path ?? null };
    const number = numberOf(part);
    return { ...part, marks: names.find((name) => name.number === (number ?? NaN) + shift)?.path ?? null };
  });
}

function ownerOf(marks: string): number | null {
  try {
    const fd = openRegular(marks);
    try {
      return ownerOfMarks(fd);
    } finally {
      closeSync(fd);
    }
  } catch {
    return null;
  }
}
