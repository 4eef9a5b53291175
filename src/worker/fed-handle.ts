import type { SocketName } from '../protocol/worker.ts';
import type { ListeningHandle, RawHandle } from './node-internals.ts';

export const LONGEST_TIMER_MS = 2 ** 31 - 1;
/** UV_READABLE and UV_WRITABLE. */
const READABLE = 1;
const WRITABLE = 2;

/** A listening socket that the primary lent to this worker. */
export type LentSocket = Pick<ListeningHandle, 'onconnection' | 'listen' | 'close'>;

/** A server's listening handle without a socket: the primary feeds it with connections. Node's own code runs on it unchanged. */
export class FedHandle implements ListeningHandle {
  onconnection?: (status: number, connection: RawHandle) => void;
  getsockname?: (out: object) => number;
  /** What `listen` returns: the error of the primary's socket, or 0. */
  errno = 0;
  closed = false;
  /** Permissions for a Unix socket. */
  readableAll = false;
  writableAll = false;
  readonly #onClose: () => void;
  /** Keeps the process alive, as a real listening handle does. */
  readonly #alive = setInterval(() => {}, LONGEST_TIMER_MS);
  #lent: LentSocket | null = null;

  constructor(onClose: () => void) {
    this.#onClose = onClose;
  }

  /** A Unix socket has no name: net.Server then returns its path from address(). */
  set name(name: SocketName) {
    this.getsockname = (out) => {
      Object.assign(out, name);
      return 0;
    };
  }

  listen(): number {
    return this.errno;
  }

  /** Starts accepting from this socket. `onAccepted` is called before each connection is passed on. */
  acceptFrom(socket: LentSocket, backlog: number, onAccepted: (connection: RawHandle) => void): void {
    this.acceptNothing();
    this.#lent = socket;
    socket.onconnection = (status, connection) => {
      onAccepted(connection);
      this.onconnection?.(status, connection);
    };
    socket.listen(backlog);
  }

  /** Stops accepting from the lent socket. The primary owns it, so the socket and its queue stay open. */
  acceptNothing(): void {
    this.#lent?.close();
    this.#lent = null;
  }

  fchmod(mode: number): number {
    this.readableAll = (mode & READABLE) !== 0;
    this.writableAll = (mode & WRITABLE) !== 0;
    return 0;
  }

  close(done?: () => void): void {
    if (!this.closed) {
      this.closed = true;
      clearInterval(this.#alive);
      this.acceptNothing();
      this.#onClose();
    }
    if (done !== undefined) process.nextTick(done);
  }

  ref(): void {
    this.#alive.ref();
  }

  unref(): void {
    this.#alive.unref();
  }
}
