import { closeSync, constants, openSync } from 'node:fs';
import { basename, dirname, isAbsolute } from 'node:path';

/**
 * Uses the path of a Unix socket through a descriptor of its folder, which leads nowhere when this returns. Closing a handle makes libuv
 * remove the path to which it bound a socket, also when another process serves that socket by then. A path that is too long is cut
 * short, too.
 * @param use must be done with the path when it returns
 */
export function withShortPath<T>(path: string, use: (path: string) => T): T {
  if (!isAbsolute(path) || process.platform !== 'linux') return use(path);
  let folder: number;
  try {
    folder = openSync(dirname(path), constants.O_RDONLY | constants.O_DIRECTORY);
  } catch {
    // It has no folder: using it says so.
    return use(path);
  }
  try {
    return use(`/proc/self/fd/${folder}/${basename(path)}`);
  } finally {
    closeSync(folder);
  }
}
