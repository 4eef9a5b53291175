import { renameSync } from 'node:fs';
import { errnoOf, LbError, messageOf } from '../errors/lb-error.ts';
import { fieldsOf, integer, type Parser } from '../protocol/parser.ts';
import { wallNow } from '../system/clock.ts';
import { readGuarded } from '../system/open-guarded.ts';
import { SAVED_VERSION, writtenVersion } from './saved-version.ts';
import { reasonOf, type FileReports } from './unwritten.ts';

interface SavedFile<T> {
  readonly path: string;
  readonly parser: Parser<T>;
  readonly reports: Pick<FileReports, 'unusable'>;
  /** What happens without the file, for people. */
  readonly without: string;
  /** A file of a newer version is left alone, and is an error. */
  readonly refuseNewer?: boolean;
}

/**
 * Reads a saved file; null if it is missing. One that cannot be read, is no regular file, is malformed, or has a newer version is
 * renamed and never overwritten.
 * @throws LbError LB_ERR_NEWER_STATE if wanted
 */
export function readSaved<T>({ path, parser, reports, without, refuseNewer = false }: SavedFile<T>): T | null {
  try {
    const saved: unknown = JSON.parse(readGuarded(path));
    const version = versionOf(saved);
    if (version > SAVED_VERSION && refuseNewer) throw new LbError('LB_ERR_NEWER_STATE', { file: path, version, known: SAVED_VERSION });
    if (version > SAVED_VERSION) throw new Error(`it has version ${version}, and this lb reads none after ${SAVED_VERSION}`);
    return parser(saved);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null;
    if (error instanceof LbError) throw error;
    const { aside, outcome } = setAside(path);
    reports.unusable(`${path} cannot be read (${reasonOf(error)}); ${outcome}, ${without}`, aside);
    return null;
  }
}

/** Whether a file was written by a version that this one does not read. */
export function isOfNewerVersion(path: string): boolean {
  try {
    return versionOf(JSON.parse(readGuarded(path))) > SAVED_VERSION;
  } catch {
    return false;
  }
}

/** The first versions of some files had no version. @throws Malformed */
const versionOf = (saved: unknown): number => integer(1)(fieldsOf(saved)['version'] ?? 1);

/** If renaming fails, overwriting the file would fail too. */
function setAside(path: string): { readonly aside: string | null; readonly outcome: string } {
  const aside = asideName(path);
  try {
    renameSync(path, aside);
    return { aside, outcome: `kept as ${aside}` };
  } catch (error) {
    return { aside: null, outcome: `not renamed (${messageOf(error)})` };
  }
}

export const asideName = (path: string): string => `${path}.unreadable-${wallNow()}`;

/** @param needed no version before this one may read it, not even after an upgrade that is taken back */
export const savedText = (content: object, indent?: number, needed = 1): string =>
  JSON.stringify({ version: Math.max(writtenVersion(), needed), ...content }, null, indent);
