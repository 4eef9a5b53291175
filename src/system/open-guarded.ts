import { closeSync, constants, fstatSync, openSync, readFileSync, type Stats } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { errnoOf } from '../errors/lb-error.ts';

const { O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_WRONLY } = constants;
const PRIVATE = 0o600;
const MOST_OF_USER_BYTES = 1024 * 1024;
const READ = O_RDONLY | O_NOFOLLOW | O_NONBLOCK;
const APPEND = O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK;

/**
 * Files of a home, opened so that nothing planted there is believed: no link is followed, and the file is a regular one of this user
 * or of root. A file that another user could have written is as bad as none. @throws Error as `open`, or with the reason
 */
export function readGuarded(path: string): string {
  const fd = opened(path, READ);
  try {
    return readFileSync(fd, 'utf8');
  } finally {
    closeSync(fd);
  }
}

/** The JSON in a file that another user wrote; null unless it is a small one of that user's own, whatever leads to it. */
export function readOfUser(path: string, uid: number): unknown {
  let fd: number | null = null;
  try {
    fd = openSync(path, READ);
    const stats = fstatSync(fd);
    return stats.isFile() && stats.uid === uid && stats.size <= MOST_OF_USER_BYTES ? JSON.parse(readFileSync(fd, 'utf8')) : null;
  } catch {
    return null;
  } finally {
    if (fd !== null) closeSync(fd);
  }
}

/** To read, for as long as the caller keeps it open. */
export const openGuarded = (path: string): number => opened(path, READ);

/** To append, made if it is not there. */
export const appendGuarded = (path: string): number => opened(path, APPEND);

/** Appends in one call. */
export async function appendToGuarded(path: string, data: string | Uint8Array): Promise<void> {
  const file = await open(path, APPEND, PRIVATE).catch((error: unknown) => {
    throw explained(path, error);
  });
  await withFile(file, async () => {
    check(path, await file.stat());
    await file.appendFile(data);
  });
}

async function withFile(file: FileHandle, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } finally {
    await file.close();
  }
}

function opened(path: string, flags: number): number {
  let fd: number;
  try {
    fd = openSync(path, flags, PRIVATE);
  } catch (error) {
    throw explained(path, error);
  }
  try {
    check(path, fstatSync(fd));
    return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

function explained(path: string, error: unknown): unknown {
  return errnoOf(error) === 'ELOOP' ? new Error(`${path} is a symbolic link, which is not followed here`) : error;
}

function check(path: string, stats: Stats): void {
  const uid = process.getuid?.();
  if (!stats.isFile()) throw new Error(`${path} is not a regular file`);
  if (uid !== undefined && stats.uid !== uid && stats.uid !== 0) throw new Error(`${path} belongs to user ${stats.uid}`);
}
