import net from 'node:net';

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
