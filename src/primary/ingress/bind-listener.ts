import { closeSync, constants, openSync } from 'node:fs';
import { createServer } from 'node:net';
import { basename, dirname, isAbsolute } from 'node:path';
import type { ListenQuery } from '../../protocol/worker.ts';
import { stealHandle, type RawListener } from '../handles/raw-handles.ts';
import { listenOptions } from './listen-options.ts';

/** Binds and listens. Nothing is accepted before the next turn of the event loop, so the caller has time to set `onconnection`. */
export function bindListener(query: ListenQuery): Promise<RawListener> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    const listen = (path: string | null): unknown =>
      server.listen(listenOptions(path === null ? query : { ...query, address: path }), () => resolve(stealHandle(server)));
    server.once('error', reject);
    withUmask(query.umask, () => withOwnPath(query.addressType === -1 ? query.address : null, listen));
  });
}

/** The file of a Unix socket is made in this turn, with the permissions that the app would have given it. */
function withUmask(umask: number | undefined, bind: () => void): void {
  if (umask === undefined) return bind();
  const before = process.umask(umask);
  try {
    bind();
  } finally {
    process.umask(before);
  }
}

/**
 * Closing a handle makes libuv remove the path to which it bound a Unix socket, also when the next primary serves that socket. So it
 * gets a path through a descriptor of the folder, which leads nowhere when this returns. A path that is too long is cut short, too.
 */
function withOwnPath(path: string | null, bind: (path: string | null) => void): void {
  if (path === null || !isAbsolute(path) || process.platform !== 'linux') return bind(path);
  let folder: number;
  try {
    folder = openSync(dirname(path), constants.O_RDONLY | constants.O_DIRECTORY);
  } catch {
    // It has no folder: that is the app's error.
    return bind(path);
  }
  try {
    bind(`/proc/self/fd/${folder}/${basename(path)}`);
  } finally {
    closeSync(folder);
  }
}
