import { statSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { errnoOf } from '../errors/lb-error.ts';
import { acquireLockFile } from './lock-file.ts';
import { shortHash } from './short-hash.ts';

/** A held lock; released at the latest when the process ends. */
export interface Lock {
  release(): void;
}

/** `sizeof(sun_path)`. */
const ABSTRACT_NAME_BYTES = 108;

/**
 * Takes a lock by name; null if another process holds it. An absolute path that exists locks the file itself (device and
 * inode): containers that share the host's network have different `/root/.lb`.
 */
export async function acquireLock(name: string): Promise<Lock | null> {
  return process.platform === 'linux' ? acquireAbstractSocket(abstractNameOf(name)) : acquireLockFile(lockFileOf(name));
}

/** The name of the abstract socket that is the lock. Node.js 20 pads it with zeros, Node.js 22 does not: at full length both bind the same name. */
export const abstractNameOf = (name: string): string => `\0${idOf(name)}`.padEnd(ABSTRACT_NAME_BYTES, '-');

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

/** The kernel frees the name however its owner ends, and nothing is left on disk. */
function acquireAbstractSocket(path: string): Promise<Lock | null> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.unref();
    server.once('error', (error) => (errnoOf(error) === 'EADDRINUSE' ? resolve(null) : reject(error)));
    server.listen({ path, exclusive: true }, () => {
      server.on('error', () => {});
      resolve({ release: () => void server.close() });
    });
  });
}
