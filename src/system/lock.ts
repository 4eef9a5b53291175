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
  const id = `lb-${process.getuid?.() ?? 0}-${shortHash(identityOf(name))}`;
  if (process.platform === 'linux') return acquireAbstractSocket(id);
  return acquireLockFile(join(process.platform === 'win32' ? tmpdir() : '/tmp', `${id}.lock`));
}

function identityOf(name: string): string {
  const stats = isAbsolute(name) ? statSync(name, { bigint: true, throwIfNoEntry: false }) : undefined;
  return stats === undefined ? name : `${stats.dev}:${stats.ino}`;
}

/** The kernel frees the name however its owner ends, and nothing is left on disk. */
function acquireAbstractSocket(id: string): Promise<Lock | null> {
  // Node.js 20 pads the name with zeros, Node.js 22 does not: at full length both bind the same name.
  const path = `\0${id}`.padEnd(ABSTRACT_NAME_BYTES, '-');
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
