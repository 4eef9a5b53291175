import { readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { errnoOf } from '../errors/lb-error.ts';
import { abstractSocketName } from './abstract-socket.ts';
import { secretNames } from './home-secret.ts';
import { acquireLockFile } from './lock-file.ts';
import { shortHash } from './short-hash.ts';
import { holdersOfPath } from './socket-holders.ts';

/** A held lock; released at the latest when the process ends. */
export interface Lock {
  release(): void;
}

interface LockOptions {
  /** Called when another user holds the name, which is then given up for the next one. */
  readonly taken?: (name: string) => void;
  readonly holderOf?: (name: string) => Promise<Holder>;
}

/** Who holds a name: a process of this user, one of another user, or nobody that can be found. */
export type Holder = 'ours' | 'foreign' | 'unknown';

const ATTEMPTS = 5;
const PAUSE_MS = 20;

/**
 * Takes a lock by name; null if another process of this user holds it. An absolute path that exists locks the file itself (device
 * and inode): containers that share the host's network have different `/root/.lb`. A home adds its secret, so that no other user
 * knows the name before it is taken.
 * @throws Error if it cannot be taken although no process of this user holds it
 */
export async function acquireLock(name: string, { taken = () => {}, holderOf = holderOfName }: LockOptions = {}): Promise<Lock | null> {
  if (process.platform !== 'linux') return acquireLockFile(lockFileOf(name));
  const names = abstractNamesOf(name);
  for (let attempt = 1; ; attempt++) {
    const lock = await acquireOneOf(names, taken, holderOf);
    if (lock !== 'again' || attempt === ATTEMPTS) return lock === 'again' ? null : lock;
    await delay(PAUSE_MS * Math.random());
  }
}

/** The abstract names of a lock, without the zero before them; a process of ours holds at most one. */
export function abstractNamesOf(name: string): string[] {
  const id = idOf(name);
  return secretNames(name, 'lock').map((part, index) => abstractSocketName(`${id}-${part === '' ? index : part}`));
}

/** The lock on systems without abstract sockets. */
export const lockFileOf = (name: string): string => join(process.platform === 'win32' ? tmpdir() : '/tmp', `${idOf(name)}.lock`);

const idOf = (name: string): string => `lb-${process.getuid?.() ?? 0}-${shortHash(identityOf(name))}`;

function identityOf(name: string): string {
  if (!isAbsolute(name)) return name;
  try {
    const { dev, ino } = statSync(name, { bigint: true });
    return `${dev}:${ino}`;
  } catch {
    return name;
  }
}

/** Takes the first name that no other user holds. `again` if the answer depends on a race. */
async function acquireOneOf(
  names: readonly string[],
  taken: (name: string) => void,
  holderOf: (name: string) => Promise<Holder>,
): Promise<Lock | null | 'again'> {
  for (const name of names) {
    const lock = await bindAbstract(name);
    if (lock === null) {
      const holder = await holderOf(name);
      // Looking for the holder takes a moment, in which it may have let go.
      if (holder === 'unknown' || boundAmong([name]).length === 0) return 'again';
      if (holder === 'ours') return null;
      taken(name);
      continue;
    }
    // While another user held one name, a process of ours may have taken another.
    for (const other of boundAmong(names)) {
      if (other === name || (await holderOf(other)) !== 'ours') continue;
      lock.release();
      return 'again';
    }
    return lock;
  }
  throw new Error('other users hold every name of the lock');
}

/** The kernel frees the name however its owner ends, and nothing is left on disk. Null if it is taken. */
function bindAbstract(name: string): Promise<Lock | null> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.unref();
    server.once('error', (error) => (errnoOf(error) === 'EADDRINUSE' ? resolve(null) : reject(error)));
    server.listen({ path: `\0${name}`, exclusive: true }, () => {
      server.on('error', () => {});
      resolve({ release: () => void server.close() });
    });
  });
}

/** Those of the names that somebody has bound, as the kernel shows them. */
function boundAmong(names: readonly string[]): string[] {
  try {
    const table = readFileSync('/proc/net/unix', 'latin1');
    return names.filter((name) => table.includes(`@${name}`));
  } catch {
    return [];
  }
}

async function holderOfName(name: string): Promise<Holder> {
  const holders = await holdersOfPath(`@${name}`);
  if (holders === null) return 'unknown';
  return holders.pids.some((pid) => statSync(`/proc/${pid}`, { throwIfNoEntry: false })?.uid === process.getuid?.()) ? 'ours' : 'foreign';
}
