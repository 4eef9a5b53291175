import { readdirSync, readFileSync, statSync } from 'node:fs';
import { abstractNamesOf, lockFileOf } from './lock.ts';
import { ownsSocket } from './process-state.ts';
import { isAlive, sendSignal, startTimeOf, type ProcessId } from './processes.ts';

/** Flags of a listening socket in `/proc/net/unix`. */
const LISTENING = '00010000';

interface HomeFiles {
  readonly home: string;
  readonly daemonPid: string;
}

/**
 * The daemon of a home, whether it answers or not: the process of this user that holds the lock. The pid file only says where to
 * look first. Null if there is none, or none that this user can see.
 */
export function runningDaemon({ home, daemonPid }: HomeFiles): ProcessId | null {
  if (process.platform !== 'linux') return fromLockFile(home);
  const inodes = inodesOfLock(home);
  if (inodes.length === 0) return null;
  const holdsIt = (pid: number): boolean => isOurs(pid) && inodes.some((inode) => ownsSocket(pid, inode));
  const told = pidIn(daemonPid);
  if (told !== null && holdsIt(told)) return identified(told);
  // One that is just starting has not written the file yet, and is among the youngest.
  const pids = processNames().flatMap((name) => (/^\d+$/.test(name) ? [Number(name)] : []));
  const pid = pids.sort((a, b) => b - a).find(holdsIt);
  return pid === undefined ? null : identified(pid);
}

/** Kills a daemon that hangs; false if it is not, or no longer, the daemon of this home. */
export function killDaemon(files: HomeFiles, { pid, startTime }: ProcessId): boolean {
  const holder = runningDaemon(files);
  if (holder?.pid !== pid || holder.startTime !== startTime || pid === process.pid) return false;
  sendSignal(pid, 'SIGKILL');
  return true;
}

/** Of every name of the lock: another user may hold one of them. */
function inodesOfLock(home: string): string[] {
  const names = new Set(abstractNamesOf(home).map((name) => `@${name}`));
  return textOf('/proc/net/unix')
    .split('\n')
    .flatMap((line) => {
      const [, , , flags, , , inode, path = ''] = line.trim().split(/\s+/);
      return names.has(path) && flags === LISTENING && inode !== undefined ? [inode] : [];
    });
}

function fromLockFile(home: string): ProcessId | null {
  const [pid, startTime] = textOf(lockFileOf(home)).split(' ').map(Number);
  return pid !== undefined && pid > 0 && isAlive(pid, startTime) ? { pid, startTime: startTime ?? 0 } : null;
}

function identified(pid: number): ProcessId | null {
  const startTime = startTimeOf(pid);
  return startTime === null || !isAlive(pid, startTime) ? null : { pid, startTime };
}

function isOurs(pid: number): boolean {
  try {
    return statSync(`/proc/${pid}`).uid === process.getuid?.();
  } catch {
    return false;
  }
}

function pidIn(file: string): number | null {
  const pid = /"pid": ?(\d+)/.exec(textOf(file))?.[1];
  return pid === undefined ? null : Number(pid);
}

/** None if they cannot be listed now, for want of descriptors. */
function processNames(): string[] {
  try {
    return readdirSync('/proc');
  } catch {
    return [];
  }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
