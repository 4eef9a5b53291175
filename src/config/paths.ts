import { constants, type Stats } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** Makes a path from a user absolute; a leading `~/` is the home directory, as in a shell. */
export function absolutePath(path: string, base: string): string {
  if (path === '~') return homedir();
  return path.startsWith('~/') ? join(homedir(), path.slice(2)) : resolve(base, path);
}

/** The stats of a path; undefined if it does not exist or is inaccessible. */
export async function statOf(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch {
    return undefined;
  }
}

/** Whether a path is a file that this user may execute. */
export async function isExecutable(path: string): Promise<boolean> {
  if ((await statOf(path))?.isFile() !== true) return false;
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
