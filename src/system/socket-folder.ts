import { lstatSync, mkdirSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { errnoOf } from '../errors/lb-error.ts';
import { NAMES, secretNames } from './home-secret.ts';
import { shortHash } from './short-hash.ts';

/**
 * The folder in /tmp for the sockets of a home that can't have them: the one that is ours, else the first name that is free. It
 * depends only on home and user: with $XDG_RUNTIME_DIR or $TMPDIR, a daemon started at boot and a command from a shell would use
 * different ones.
 */
export function socketFolder(home: string): string {
  const names = namesFor(home);
  return ours(names) ?? names.find((name) => found(name) === undefined) ?? names[0] ?? '';
}

/** The same if it has been made: the daemon of this home listens there, or did. */
export const ownSocketFolder = (home: string): string | null => ours(namesFor(home)) ?? null;

/** Makes the folder. @returns it, and the names before it that other users have taken */
export function makeSocketFolder(home: string): { readonly folder: string; readonly taken: readonly string[] } {
  for (;;) {
    const folder = socketFolder(home);
    const names = namesFor(home);
    const taken = names.slice(0, names.indexOf(folder)).filter((name) => found(name) !== undefined && !isOurs(found(name)));
    if (isOurs(found(folder))) return { folder, taken };
    try {
      mkdirSync(folder, { mode: 0o700 });
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST' || taken.length === NAMES) throw error;
    }
  }
}

function namesFor(home: string): string[] {
  const id = `lb-${process.getuid?.() ?? 0}-${shortHash(home)}`;
  return secretNames(home, 'socket').map((part, index) => join('/tmp', `${id}-${part === '' ? index : part}`));
}

const ours = (names: readonly string[]): string | undefined => names.find((name) => isOurs(found(name)));
const found = (folder: string): Stats | undefined => lstatSync(folder, { throwIfNoEntry: false });
const isOurs = (stats: Stats | undefined): boolean => stats?.isDirectory() === true && stats.uid === process.getuid?.() && (stats.mode & 0o077) === 0;
