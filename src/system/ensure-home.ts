import { lstatSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { errnoOf, LbError, messageOf } from '../errors/lb-error.ts';
import type { HomeLook } from './home-table.ts';
import { makeHomeSecret } from './home-secret.ts';
import { isWritable, lookAtHome, thisUser, type Who } from './look-at-home.ts';
import { fitsSocket, type HomePaths } from './paths.ts';
import { makeSocketFolder, ownSocketFolder } from './socket-folder.ts';

/**
 * Creates the directories of a home. Refuses one that another user could tamper with. A directory in it that cannot be made now is
 * made later; and without a secret, names are used that others could guess, which is better than no daemon.
 * @param report called if a name in /tmp had to be given up
 * @throws LbError LB_ERR_HOME, with the command that repairs it
 */
export function ensureHome(paths: HomePaths, report: (message: string) => void = () => {}): void {
  const { home, logs, primaries } = paths;
  const who = thisUser();
  ensurePrivate(home, home, who);
  for (const directory of [logs, primaries]) {
    if (isMade(directory)) ensurePrivate(directory, home, who);
  }
  attempt(() => makeHomeSecret(home));
  // Read after the secret was made: the socket's name depends on it.
  if (who === null || takesSockets(home)) return;
  const { taken } = makeSocketFolder(home);
  for (const name of taken) report(`another user has taken ${name}, where the control socket was to be; it is in ${dirname(paths.attach)} now`);
}

/** The home has room for the sockets, and they can be made there. */
const takesSockets = (home: string): boolean => fitsSocket(home, 'attach.sock') && fitsSocket(home, 'lb.sock') && isWritable(home);

/** Removes the folder under /tmp if the home takes the sockets by now; else they stay there. The caller holds the lock. */
export function returnSockets(home: string): void {
  const folder = ownSocketFolder(home);
  if (folder !== null && takesSockets(home)) attempt(() => rmSync(folder, { recursive: true, force: true }));
}

function isMade(directory: string): boolean {
  try {
    mkdirSync(directory, { mode: 0o700 });
    return true;
  } catch (error) {
    return errnoOf(error) === 'EEXIST';
  }
}

function attempt(action: () => void): void {
  try {
    action();
  } catch {
    return;
  }
}

function ensurePrivate(directory: string, home: string, who: Who | null): void {
  const seen: HomeLook = who === null ? { state: 'absent' } : lookAtHome(directory, who);
  if (seen.state === 'absent') make(directory, home);
  const now = seen.state === 'absent' && who !== null ? lookAtHome(directory, who) : seen;
  if (now.state === 'unusable' || now.state === 'unsafe') refuse(directory, home, now);
}

function make(directory: string, home: string): void {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  } catch (error) {
    const reason = errnoOf(error) === 'EEXIST' || errnoOf(error) === 'ENOTDIR' ? 'it is not a directory' : messageOf(error);
    refuse(directory, home, { state: 'unusable', reason });
  }
}

function refuse(directory: string, home: string, found: Extract<HomeLook, { readonly reason: string }>): never {
  const error = new LbError('LB_ERR_HOME', { home, reason: directory === home ? found.reason : `${directory}: ${found.reason}` });
  throw found.state === 'unsafe' ? error.advising(`run: ${found.repair}`) : error;
}

/**
 * Refuses a home in which another user has put something while he could.
 * @throws LbError LB_ERR_HOME that names it
 */
export function assertOwnContent({ home, logs, primaries, lineTimes, profiles }: HomePaths): void {
  const uid = process.getuid?.();
  if (uid === undefined) return;
  for (const directory of [home, logs, primaries, lineTimes, profiles]) {
    for (const name of namesIn(directory)) {
      const path = join(directory, name);
      const owner = lstatSync(path, { throwIfNoEntry: false })?.uid;
      if (owner === undefined || owner === uid || owner === 0) continue;
      throw new LbError('LB_ERR_HOME', { home, reason: `${path} belongs to user ${owner}, who must have put it there` }).advising(
        `others could once write to this directory: look at what is in it, then run: mv ${home} ${home}.untrusted`,
      );
    }
  }
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
