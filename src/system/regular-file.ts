import { closeSync, constants, fstatSync, openSync, type Stats } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';

/** Opening a named pipe or a device would block otherwise: the event loop, or a thread of the pool for ever. Windows lacks the flag. */
const READ = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

/**
 * Opens a file for reading. Follows links: it may be anywhere.
 * @param owner the user whose file it must be, where that user decides what the path leads to; null for any
 * @throws Error if it is not a regular file, or somebody else's
 */
export function openRegular(path: string, owner: number | null = null): number {
  const fd = openSync(path, READ);
  try {
    const stats = fstatSync(fd);
    refuseOthers(path, stats);
    if (owner !== null && stats.uid !== owner) throw new Error(`it belongs to user ${stats.uid}, and the app runs as user ${owner}`);
    return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** Like `openRegular`, in the background. */
export async function openRegularFile(path: string): Promise<FileHandle> {
  const file = await open(path, READ);
  try {
    refuseOthers(path, await file.stat());
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

function refuseOthers(path: string, stats: Stats): void {
  if (!stats.isFile()) throw new Error(`${path} is not a regular file`);
}
