import { statSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { errnoOf } from '../errors/lb-error.ts';
import { acquireLockFile } from './lock-file.ts';
import { shortHash } from './short-hash.ts';

/** A lock that is held; it ends with the process at the latest. */
export interface Lock {
  release(): void;
}

/** `sizeof(sun_path)`. */
const ABSTRACT_NAME_BYTES = 108;

/**
 * Takes the lock of a name for this process; null when another one holds it. The absolute path of something that exists
 * locks the thing itself, whatever it is called: two containers on the host's network have different `/root/.lb`.
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

/** The kernel frees the name at any death of its owner, and nothing is left on disk. */
function acquireAbstractSocket(id: string): Promise<Lock | null> {
  // Node 20 binds the name with zeros up to this length, Node 22 and later as it is: full length is the same for both.
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
