import { createServer } from 'node:net';
import type { ListenQuery } from '../../protocol/worker.ts';
import { withShortPath } from '../../system/short-path.ts';
import { stealHandle, type RawListener } from '../handles/raw-handles.ts';
import { listenOptions } from './listen-options.ts';

/** Binds and listens. Nothing is accepted before the next turn of the event loop, so the caller has time to set `onconnection`. */
export function bindListener(query: ListenQuery): Promise<RawListener> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    const listen = (path: string | null): unknown =>
      server.listen(listenOptions(path === null ? query : { ...query, address: path }), () => resolve(stealHandle(server)));
    server.once('error', reject);
    const { address, addressType } = query;
    withUmask(query.umask, () => void (addressType === -1 && address !== null ? withShortPath(address, listen) : listen(null)));
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
