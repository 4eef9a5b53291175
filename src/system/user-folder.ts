import { accessSync, chmodSync, constants, lchownSync, lstatSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { HomePaths } from './paths.ts';
import { homePaths } from './paths.ts';
import { shortHash } from './short-hash.ts';

/** Folders of root, by preference: what lies there is for all users to reach, and for root to change. */
const PLACES = ['/var/lib/lb', '/run/lb', '/dev/shm/lb'];
const OPEN = 0o755;
const PRIVATE = 0o700;

interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/**
 * Where the apps of other users have what a home has for the others: root's own home is closed to them. The first place where a daemon
 * of this home has been; if there is none, the first that can be made.
 */
function placeOf(home: string): string {
  const places = PLACES.map((place) => join(place, shortHash(home)));
  return places.find(isOurs) ?? places.find((place) => isOurs(dirname(place)) || isWritable(dirname(dirname(place)))) ?? join('/var/lib/lb', shortHash(home));
}

/** What an app of this user has in place of a home: log files, the times of their lines, profiles. */
export const pathsOfUser = (home: string, uid: number): HomePaths => homePaths(join(placeOf(home), 'users', String(uid)));

/** What is known of an app that decides where its files are. */
export interface OfUser {
  readonly user: { readonly uid: number } | null;
}

/** The paths of an app: in the home, or those of its user. */
export const pathsOfApp = ({ user }: OfUser, home: string): HomePaths => (user === null ? homePaths(home) : pathsOfUser(home, user.uid));

/** Makes the folder of a user: closed to others, in one that only root can change. @throws Error if it cannot be made, or is somebody else's */
export function makeUserFolder(home: string, { uid, gid }: Owner): string {
  const folder = pathsOfUser(home, uid).home;
  const place = placeOf(home);
  for (const above of [dirname(place), place, dirname(folder)]) makeOpen(above);
  if (!exists(folder)) {
    mkdirSync(folder, { mode: PRIVATE });
    lchownSync(folder, uid, gid);
  }
  const stats = lstatSync(folder);
  if (!stats.isDirectory() || stats.uid !== uid) throw new Error(`${folder} is not a directory of user ${uid}`);
  return folder;
}

/** Makes the folder for copies of programs: readable by everybody. @throws Error if it cannot be made, or is not root's alone */
export function makeOpenPrograms(home: string): string {
  const place = placeOf(home);
  const programs = join(place, 'programs');
  for (const folder of [dirname(place), place, programs]) makeOpen(folder);
  return programs;
}

/** Where copies of programs are for everybody to read. */
export const openProgramsOf = (home: string): string => join(placeOf(home), 'programs');

function makeOpen(folder: string): void {
  if (!exists(folder)) {
    mkdirSync(folder, { mode: OPEN });
    // Whatever the file mode creation mask.
    chmodSync(folder, OPEN);
  }
  if (!isOurs(folder)) throw new Error(`${folder} is not a directory that only user ${process.getuid?.() ?? 0} can change`);
}

function isOurs(folder: string): boolean {
  const stats = lstatSync(folder, { throwIfNoEntry: false });
  return stats?.isDirectory() === true && stats.uid === (process.getuid?.() ?? stats.uid) && (stats.mode & 0o022) === 0;
}

const exists = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false }) !== undefined;

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
