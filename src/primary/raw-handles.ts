import type { Server } from 'node:net';

/** libuv's TCP or pipe handle as Node's own cluster uses it: no `net.Socket` is made for a connection that only passes through. */
export interface RawConnection {
  close(): void;
}

export interface RawListener {
  onconnection?: ((status: number, connection: RawConnection | undefined) => void) | undefined;
  listen(backlog: number): number;
  close(): void;
  getsockname?(out: object): number;
}

/** Takes the listening handle out of a server that has just begun to listen; the server is empty afterwards. */
export function stealHandle(server: Server): RawListener {
  const holder = server as unknown as { _handle: RawListener | null };
  const handle = holder._handle;
  if (handle === null) throw new Error('the server does not listen');
  holder._handle = null;
  return handle;
}
