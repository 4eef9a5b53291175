import { lstatSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { errnoOf, LbError, messageOf } from '../errors/lb-error.ts';

const PROBE_TIMEOUT_MS = 2000;

/**
 * Makes a socket path free to listen on: removes a stale socket; a socket in use, or anything else, is an error. The caller
 * holds the lock, so nothing can listen between probe and removal.
 */
export async function claimSocketPath(path: string): Promise<void> {
  // A named pipe disappears with its process.
  if (process.platform === 'win32') return;
  const refuse = (reason: string): LbError => new LbError('LB_ERR_SOCKET_PATH', { socket: path, reason });
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return;
  if (!stats.isSocket()) throw refuse('it exists and is not a socket');
  const failure = await probe(path);
  if (failure === null) throw refuse('another process is listening on it');
  const code = errnoOf(failure);
  if (code === 'ENOENT') return;
  if (code !== 'ECONNREFUSED') throw refuse(messageOf(failure));
  rmSync(path, { force: true });
}

/** Null if something listens: it answered, its queue is full (`EAGAIN`), or it is too busy to answer in time. */
function probe(path: string): Promise<Error | null> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const end = (failure: Error | null): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(failure);
    };
    const timer = setTimeout(end, PROBE_TIMEOUT_MS, null);
    socket.once('connect', () => end(null));
    socket.on('error', (error) => end(errnoOf(error) === 'EAGAIN' ? null : error));
  });
}
