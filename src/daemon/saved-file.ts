import { renameSync } from 'node:fs';
import { errnoOf, LbError, messageOf } from '../errors/lb-error.ts';
import { fieldsOf, integer, type Parser } from '../protocol/parser.ts';
import { wallNow } from '../system/clock.ts';
import { readGuarded } from '../system/open-guarded.ts';
import { reasonOf, type FileReports } from './unwritten.ts';

/** Version of the files in a home. Increased when an older daemon would misread one. */
export const SAVED_VERSION = 1;

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
    // The first versions of some files had no version.
    const version = integer(1)(fieldsOf(saved)['version'] ?? 1);
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

export const savedText = (content: object, indent?: number): string => JSON.stringify({ version: SAVED_VERSION, ...content }, null, indent);
