import { readFileSync, renameSync } from 'node:fs';
import { errnoOf, messageOf } from '../errors/lb-error.ts';
import { fieldsOf, integer, type Parser } from '../protocol/parser.ts';
import { wallNow } from '../system/clock.ts';

/** Version of the files in a home. Increased when an older daemon would misread one. */
export const SAVED_VERSION = 1;

interface SavedFile<T> {
  readonly path: string;
  readonly parser: Parser<T>;
  readonly log: (message: string) => void;
  /** What happens without the file, for the log. */
  readonly without: string;
}

/** Reads a saved file; null if it is missing. A malformed file, or one of a newer version, is renamed and never overwritten. */
export function readSaved<T>({ path, parser, log, without }: SavedFile<T>): T | null {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') log(`cannot read ${path}: ${messageOf(error)}`);
    return null;
  }
  try {
    const saved: unknown = JSON.parse(text);
    // The first versions of some files had no version.
    const version = integer(1)(fieldsOf(saved)['version'] ?? 1);
    if (version > SAVED_VERSION) throw new Error(`it has version ${version}, and this lb knows none after ${SAVED_VERSION}`);
    return parser(saved);
  } catch (error) {
    log(`${path} cannot be read (${messageOf(error)}); ${setAside(path)}, ${without}`);
    return null;
  }
}

/** If renaming fails, overwriting the file would fail too. */
function setAside(path: string): string {
  const aside = asideName(path);
  try {
    renameSync(path, aside);
    return `kept as ${aside}`;
  } catch (error) {
    return `not renamed (${messageOf(error)})`;
  }
}

export const asideName = (path: string): string => `${path}.unreadable-${wallNow()}`;

export const savedText = (content: object, indent?: number): string => JSON.stringify({ version: SAVED_VERSION, ...content }, null, indent);
