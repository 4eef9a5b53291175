import net, { type Server } from 'node:net';
import type { Readable } from 'node:stream';

/** libuv's TCP or pipe handle, as Node's own cluster uses it. A connection that only passes through needs no `net.Socket`. */
export interface RawConnection {
  close(): void;
  /** Absent on pipes. */
  getpeername?(out: object): number;
}

export interface RawListener {
  /** Descriptor. */
  readonly fd?: number;
  onconnection?: ((status: number, connection: RawConnection | undefined) => void) | undefined;
  listen(backlog: number): number;
  close(): void;
  getsockname?(out: object): number;
}

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

interface BindQuery {
  readonly address: string | null;
  readonly port: number;
  readonly addressType: 4 | 6 | -1;
  readonly flags: number;
}

/**
 * Binds a socket without listening on it or polling it, as Node's own cluster does for `SCHED_NONE`.
 * @returns the handle, or libuv's error number
 */
export function bindSocket({ address, port, addressType, flags }: BindQuery): RawListener | number {
  const create = (net as unknown as { _createServerHandle(...args: unknown[]): RawListener | number })._createServerHandle;
  const handle = create(address, port, addressType, -1, flags);
  if (typeof handle === 'number') return handle;
  // libuv reports an error of `bind` only with the next call.
  const errno = handle.getsockname?.({}) ?? 0;
  if (errno === 0) return handle;
  handle.close();
  return errno;
}
