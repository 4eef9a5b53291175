import { chmodSync, mkdirSync, statSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { errnoOf, LbError, messageOf } from '../errors/lb-error.ts';
import { shortHash } from './short-hash.ts';

/** Size of `sun_path` minus the terminating zero. */
const SOCKET_PATH_BYTES = 107;
const STICKY = 0o1000;
const WRITABLE_BY_OTHERS = 0o022;

/** The files of one home directory; absolute paths. */
export interface HomePaths {
  readonly home: string;
  /** Control socket; a named pipe on Windows. */
  readonly socket: string;
  /** Socket to which the primaries connect. */
  readonly attach: string;
  readonly daemonLog: string;
  readonly daemonPid: string;
  /** Desired state of every app. */
  readonly state: string;
  /** Counters of every app. */
  readonly totals: string;
  readonly metrics: string;
  /** The socket that is shared with a group. */
  readonly share: string;
  /** Directory of the apps' log files. */
  readonly logs: string;
  /** Directory with the times of the lines in the log files. */
  readonly lineTimes: string;
  /** Directory with one record per running primary. */
  readonly primaries: string;
  /** Directory of profiles and reports of workers. */
  readonly profiles: string;
  /** See `EventLog`. */
  readonly events: string;
}

/** The home directory of this user's daemon: `$LB_HOME`, default `~/.lb`. */
export function lbHome(env: NodeJS.ProcessEnv = process.env): string {
  return env['LB_HOME'] ? resolve(env['LB_HOME']) : join(env['HOME'] || homedir(), '.lb');
}

/** All paths in a home directory. */
export function homePaths(home: string): HomePaths {
  return {
    home,
    socket: socketPath(home, 'lb.sock'),
    attach: socketPath(home, 'attach.sock'),
    daemonLog: join(home, 'daemon.log'),
    daemonPid: join(home, 'daemon.pid'),
    state: join(home, 'state.json'),
    totals: join(home, 'totals.json'),
    metrics: join(home, 'metrics.json'),
    share: join(home, 'share.json'),
    logs: join(home, 'logs'),
    lineTimes: join(home, 'line-times'),
    primaries: join(home, 'primaries'),
    profiles: join(home, 'profiles'),
    events: join(home, 'events.ndjson'),
  };
}

/**
 * If the path in the home is too long for a socket, it is in a directory under /tmp. That depends only on home and user: with
 * $XDG_RUNTIME_DIR or $TMPDIR, a daemon started at boot and a command from a shell would use different ones.
 */
function socketPath(home: string, name: 'lb.sock' | 'attach.sock'): string {
  if (process.platform === 'win32') return `\\\\.\\pipe\\lb-${shortHash(home.toLowerCase())}${name === 'lb.sock' ? '' : '-attach'}`;
  const socket = join(home, name);
  if (Buffer.byteLength(socket) <= SOCKET_PATH_BYTES) return socket;
  return join('/tmp', `lb-${process.getuid?.() ?? 0}-${shortHash(home)}`, name);
}

/** Where a user's daemon is reached by the members of a group, unless another path is given. */
export const sharedSocketOf = (uid: number): string => `/run/lb-${uid}/lb.sock`;

/** Creates the directories of a home. Refuses one that another user could tamper with; a directory in it that cannot be made now is made later. */
export function ensureHome(paths: HomePaths): void {
  const { home } = paths;
  ensurePrivate(home, home);
  for (const socket of [paths.socket, paths.attach]) {
    if (process.platform !== 'win32' && dirname(socket) !== home) ensurePrivate(dirname(socket), home);
  }
  for (const directory of [paths.logs, paths.primaries]) {
    try {
      mkdirSync(directory, { mode: 0o700 });
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST') continue;
    }
    ensurePrivate(directory, home);
  }
}

function ensurePrivate(directory: string, home: string): void {
  const refuse = (reason: string): never => {
    throw new LbError('LB_ERR_HOME', { home, reason: directory === home ? reason : `${directory}: ${reason}` });
  };
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  } catch (error) {
    refuse(errnoOf(error) === 'EEXIST' || errnoOf(error) === 'ENOTDIR' ? 'it is not a directory' : messageOf(error));
  }
  const stats = statSync(directory);
  const uid = process.getuid?.();
  if (uid === undefined) return;
  if (stats.uid !== uid) refuse(`it belongs to user ${stats.uid}, this is user ${uid}`);
  if ((stats.mode & WRITABLE_BY_OTHERS) === 0) return;
  // Making /tmp private would break the machine.
  if ((stats.mode & STICKY) !== 0 || directory === tmpdir()) refuse('it is a directory shared with other users');
  chmodSync(directory, 0o700);
}
