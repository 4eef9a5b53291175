import { lstatSync, realpathSync } from 'node:fs';
import { dirname } from 'node:path';

const OTHERS_WRITE = 0o022;

/** What on the way to a file others than root can change, in a few words; null if nothing. Root must not run what another user could replace. */
export function changeableBy(path: string): string | null {
  let current: string;
  try {
    current = realpathSync(path);
  } catch {
    return `${path} cannot be found`;
  }
  for (;;) {
    const { uid, mode } = lstatSync(current);
    if (uid !== 0) return `${current} belongs to user ${uid}`;
    if ((mode & OTHERS_WRITE) !== 0) return `${current} can be written to by others (mode ${(mode & 0o7777).toString(8).padStart(4, '0')})`;
    const parent = dirname(current);
    if (parent === current) return null;
    current = parent;
  }
}
