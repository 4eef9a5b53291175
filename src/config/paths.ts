import { stat } from 'node:fs/promises';
import type { Stats } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** A path from a user made absolute; a leading `~/` is the home directory, as in a shell. */
export function absolutePath(path: string, base: string): string {
  if (path === '~') return homedir();
  return path.startsWith('~/') ? join(homedir(), path.slice(2)) : resolve(base, path);
}

/** What stands at a path, or undefined when nothing does or it can't be looked at. */
export async function statOf(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch {
    return undefined;
  }
}
