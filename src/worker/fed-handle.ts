import type { SocketName } from '../protocol/worker.ts';
import type { ListeningHandle, RawHandle } from './node-internals.ts';

const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** A listening socket of the primary's that this worker accepts from itself (`direct`). */
export type DirectSocket = Pick<ListeningHandle, 'onconnection' | 'listen' | 'close'>;

/** A server's handle that is fed by the primary, not by a socket of its own. Node's connection code runs on it unchanged. */
export class FedHandle implements ListeningHandle {
  onconnection?: (status: number, connection: RawHandle) => void;
  getsockname?: (out: object) => number;
  readonly #onClose: () => void;
  /** What a real listening handle does by itself: keeps the process alive. */
  readonly #alive = setInterval(() => {}, LONGEST_TIMER_MS);
  readonly #sockets = new Map<number, DirectSocket>();

  constructor(name: SocketName | null, onClose: () => void) {
    this.#onClose = onClose;
    // A Unix socket has none: net.Server then answers address() with its path.
    if (name !== null) {
      this.getsockname = (out) => {
        Object.assign(out, name);
        return 0;
      };
    }
  }

  listen(): number {
    return 0;
  }

  /** Accepts from this socket too; what comes in is told to `onAccepted` first. */
  add(index: number, socket: DirectSocket, backlog: number, onAccepted: () => void): void {
    this.remove(index);
    this.#sockets.set(index, socket);
    socket.onconnection = (status, connection) => {
      onAccepted();
      this.onconnection?.(status, connection);
    };
    socket.listen(backlog);
  }

  /** Accepts from it no more. The socket itself is the primary's and lives on, with what waits in its queue. */
  remove(index: number): void {
    this.#sockets.get(index)?.close();
    this.#sockets.delete(index);
  }

  removeAll(): void {
    for (const index of [...this.#sockets.keys()]) this.remove(index);
  }

  close(done?: () => void): void {
    clearInterval(this.#alive);
    this.removeAll();
    this.#onClose();
    if (done !== undefined) process.nextTick(done);
  }

  ref(): void {
    this.#alive.ref();
  }

  unref(): void {
    this.#alive.unref();
  }
}
