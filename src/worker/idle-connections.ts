import type { HttpConnection, Traffic } from './traffic.ts';

/** A connection is watched for this time before it is closed, because the head of its next request may be arriving in pieces. */
const WATCHED_MS = 1_000;

/** The last check of a connection. */
interface Check {
  readonly firstAt: number;
  readonly bytes: number;
  /** Time of its last byte, as far as it is known. */
  readonly lastByteAt: number;
}

/**
 * Closes the idle connections of a draining worker: HTTP/1 connections without a request in progress. Others are left alone. A
 * request that arrives in the round trip of the close is lost, as at the end of any server's keep-alive timeout.
 */
export class IdleConnections {
  readonly #traffic: Traffic;
  readonly #checks = new WeakMap<HttpConnection, Check>();

  constructor(traffic: Traffic) {
    this.#traffic = traffic;
  }

  /**
   * Closes connections whose last byte is older than `idleMs`. Call this from a timer: the check whether a byte is waiting needs a
   * poll of the event loop between the decision and the close.
   * @param assumedAt the time of the last byte where it is not known.
   */
  close(idleMs: number, assumedAt: number): void {
    const now = performance.now();
    const due: HttpConnection[] = [];
    for (const [socket, usedAt] of this.#traffic.idle()) {
      const bytes = bytesOf(socket);
      const before = this.#checks.get(socket) ?? { firstAt: now, bytes, lastByteAt: usedAt ?? assumedAt };
      const check = { ...before, bytes, lastByteAt: before.bytes === bytes ? before.lastByteAt : now };
      this.#checks.set(socket, check);
      if (now - check.lastByteAt >= idleMs && now - check.firstAt >= Math.min(idleMs, WATCHED_MS)) due.push(socket);
    }
    if (due.length > 0) setImmediate(() => this.#closeUnlessUsed(due));
  }

  /** By now the event loop has read everything that had arrived. */
  #closeUnlessUsed(due: readonly HttpConnection[]): void {
    const idle = new Map(this.#traffic.idle());
    for (const socket of due) {
      if (!idle.has(socket) || bytesOf(socket) !== this.#checks.get(socket)?.bytes) continue;
      if (socket.destroySoon === undefined) socket.destroy();
      else socket.destroySoon();
    }
  }
}

function bytesOf({ bytesRead = 0, bytesWritten = 0 }: HttpConnection): number {
  return bytesRead + bytesWritten;
}
