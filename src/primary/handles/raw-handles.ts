import type { Server } from 'node:net';
import type { Readable } from 'node:stream';
import type { RawListener } from '../../system/raw-listener.ts';

export type { RawConnection, RawListener } from '../../system/raw-listener.ts';

/** Takes the listening handle out of a server that has just started to listen. The server is unusable afterwards. */
export function stealHandle(server: Server): RawListener {
  const holder = server as unknown as { _handle: RawListener | null };
  const handle = holder._handle;
  if (handle === null) throw new Error('the server does not listen');
  holder._handle = null;
  return handle;
}

/** The handle of a pipe that is being read; null if it has none, or none any more. */
export function rawHandleOf(stream: Readable): object | null {
  const { _handle: handle } = stream as { readonly _handle?: object | null };
  return handle ?? null;
}

/**
 * Backlog of a TCP socket that is about to be closed. The kernel accepts a connection only while its queue is empty, and
 * other clients retry. So closing the socket resets at most one connection, even if this process is delayed before it closes.
 */
export const CLOSING_BACKLOG = 0;
