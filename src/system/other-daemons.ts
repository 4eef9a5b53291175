import { accessSync, constants, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { userOf } from './users.ts';
import { sharedSocketOf } from './paths.ts';

/** A daemon of another user of this machine. */
export interface OtherDaemon {
  readonly pid: number;
  /** As `sudo -u` takes it: the name, or `#1000`. */
  readonly user: string;
  /** Null if it is that user's default, or only root may know. */
  readonly home: string | null;
  /** The socket that it shares with a group of this user; null if there is none. */
  readonly socket: string | null;
}

/** The daemons of other users; of a user with several, each. */
export function otherDaemons(proc = '/proc', own = process.getuid?.()): OtherDaemon[] {
  try {
    const pids = readdirSync(proc).filter((name) => /^\d+$/.test(name));
    return pids.flatMap((pid) => daemonOf(join(proc, pid), Number(pid), own) ?? []).sort((a, b) => a.pid - b.pid);
  } catch {
    return [];
  }
}

function daemonOf(directory: string, pid: number, own: number | undefined): OtherDaemon | null {
  try {
    const { uid } = statSync(directory);
    if (uid === own || !isDaemon(readFileSync(join(directory, 'cmdline'), 'utf8'))) return null;
    const user = userOf(uid);
    const home = homeIn(join(directory, 'environ'));
    const socket = sharedSocketOf(uid);
    return {
      pid,
      user: user?.name ?? `#${uid}`,
      home: home === null || (user !== null && home === join(user.home, '.lb')) ? null : home,
      socket: isUsable(socket) ? socket : null,
    };
  } catch {
    return null;
  }
}

/** The title of a daemon, or `node …/lb run`. */
function isDaemon(commandLine: string): boolean {
  const [first = '', script = '', command] = commandLine.split('\0');
  return first === 'lb daemon' || (/^lb(?:\.js)?$/.test(basename(script)) && (command === 'run' || command === 'daemon'));
}

function homeIn(environ: string): string | null {
  try {
    return /(?:^|\0)LB_HOME=([^\0]+)/.exec(readFileSync(environ, 'utf8'))?.[1] ?? null;
  } catch {
    return null;
  }
}

function isUsable(socket: string): boolean {
  try {
    accessSync(socket, constants.W_OK);
    return statSync(socket).isSocket();
  } catch {
    return false;
  }
}
