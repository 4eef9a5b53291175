import { readFileSync, renameSync } from 'node:fs';
import { errnoOf, messageOf } from '../errors/lb-error.ts';
import { fieldsOf, integer, type Parser } from '../protocol/parser.ts';
import { wallNow } from '../system/clock.ts';

/** Of the files in a home; raised when an older daemon would misread one. */
export const SAVED_VERSION = 1;

interface SavedFile<T> {
  readonly path: string;
  readonly parser: Parser<T>;
  readonly log: (message: string) => void;
  /** For the log: what happens without the file. */
  readonly without: string;
}

/** What an earlier daemon saved; null without it. A file that is malformed, or of a newer version, is set aside and never overwritten. */
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
    // The first version of some files did not say so.
    const version = integer(1)(fieldsOf(saved)['version'] ?? 1);
    if (version > SAVED_VERSION) throw new Error(`it has version ${version}, and this lb knows none after ${SAVED_VERSION}`);
    return parser(saved);
  } catch (error) {
    log(`${path} cannot be read (${messageOf(error)}); ${setAside(path)}, ${without}`);
    return null;
  }
}

/** A disk that refuses this refuses to overwrite the file too. */
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
