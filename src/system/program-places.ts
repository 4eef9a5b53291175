import { lstatSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { sparePlaces } from './home-table.ts';
import { shortHash } from './short-hash.ts';

/** Where copies of programs of a home may be, by preference; each makes its directory, or throws when it is not ours alone. */
export function programPlaces(home: string): readonly (() => string)[] {
  return [
    () => privateDirectory(programsOf(home)),
    ...sparePlaces(process.getuid?.() ?? 0).map((directory) => () => privateDirectory(join(privateDirectory(directory), `programs-${shortHash(home)}`))),
  ];
}

/** The directory of copies in a home. */
export const programsOf = (home: string): string => join(home, 'programs');

function privateDirectory(directory: string): string {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const stats = lstatSync(directory);
  if (!stats.isDirectory()) throw new Error(`${directory} is not a directory`);
  if (stats.uid !== (process.getuid?.() ?? stats.uid)) throw new Error(`${directory} belongs to user ${stats.uid}`);
  if ((stats.mode & 0o022) !== 0) throw new Error(`${directory} can be written to by other users`);
  return directory;
}
