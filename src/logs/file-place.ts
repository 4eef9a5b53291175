import { lstat, readlink, realpath } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { errnoOf } from '../errors/lb-error.ts';

/** As many as Linux follows. */
const MOST_LINKS = 40;
/** Their files belong to others, even if they are regular ones: `/dev/stdout` is a link to whatever stdout of this process is. */
export const OF_THE_SYSTEM = /^\/(?:dev|proc)\//;

/** Where a path leads. */
export interface FilePlace {
  /** The path behind all links; the file need not exist. */
  readonly path: string;
  /** It leads through a directory of devices. */
  readonly isOfTheSystem: boolean;
}

/** Follows the links of a path. @throws Error at a link of another user, who could have it lead to any file of ours */
export async function placeOf(path: string): Promise<FilePlace> {
  let place = path;
  let isOfTheSystem = false;
  for (let links = 0; links < MOST_LINKS; links++) {
    const directory = await realpath(dirname(place)).catch(() => dirname(place));
    place = join(directory, basename(place));
    isOfTheSystem ||= OF_THE_SYSTEM.test(place);
    const target = await linkAt(place);
    if (target === null) break;
    place = resolve(directory, target);
  }
  return { path: place, isOfTheSystem };
}

async function linkAt(path: string): Promise<string | null> {
  try {
    const target = await readlink(path);
    const { uid } = await lstat(path);
    if (uid === process.getuid?.() || uid === 0) return target;
    throw new Error(`${path} is a symbolic link of user ${uid}, which is not followed`);
  } catch (error) {
    const errno = errnoOf(error);
    // It is no link, or not there; opening it says what is wrong, if anything is.
    if (errno === 'EINVAL' || errno === 'ENOENT' || errno === 'ENOTDIR') return null;
    throw error;
  }
}
