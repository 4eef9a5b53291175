import { Socket, type SocketConstructorOpts } from 'node:net';
import { parseProxyHeader, type Peer, type ProxyHeader } from '../../../protocol/proxy-header.ts';
import type { RawConnection } from '../../handles/raw-handles.ts';

/** Enough for every version 1 header and most version 2 headers. */
const BUFFER_BYTES = 128;

export interface HeaderReadEvents {
  /** The header is complete. Everything after it is still in the kernel, so the connection is as good as untouched. */
  done(connection: RawConnection, peer: Peer | null): void;
  /** The header could not be read, and the connection is closed. */
  failed(reason: 'malformed' | 'timeout' | 'closed', detail: string): void;
}

/**
 * Reads the PROXY header of one connection. With `onread`, libuv reads only as many bytes as must still belong to the header,
 * so the next reader of the handle starts at the first byte of the application.
 */
export class HeaderRead {
  readonly #connection: RawConnection;
  readonly #events: HeaderReadEvents;
  readonly #socket: Socket;
  readonly #timer: NodeJS.Timeout;
  #buffer = Buffer.allocUnsafe(BUFFER_BYTES);
  /** The part of the buffer for the next bytes. */
  #next = this.#buffer;
  #readBytes = 0;
  #settled = false;

  constructor(connection: RawConnection, timeoutMs: number, events: HeaderReadEvents) {
    this.#connection = connection;
    this.#events = events;
    this.#progress(parseProxyHeader(this.#buffer.subarray(0, 0)));
    const onread = { buffer: () => this.#next, callback: (bytes: number) => this.#received(bytes) };
    // `@types/node` lacks `handle`, which Node's own servers pass.
    this.#socket = new Socket({ handle: connection, onread } as SocketConstructorOpts);
    this.#socket.on('error', (error) => this.#fail('closed', error.message));
    this.#socket.on('end', () => this.#fail('closed', `ended after ${this.#readBytes} bytes`));
    this.#timer = setTimeout(() => this.#fail('timeout', `${this.#readBytes} bytes in ${timeoutMs} ms`), timeoutMs);
  }

  /** Closes the connection without calling an event. */
  cancel(): void {
    this.#settled = true;
    clearTimeout(this.#timer);
    this.#socket.destroy();
  }

  #received(bytes: number): boolean {
    this.#readBytes += bytes;
    this.#progress(parseProxyHeader(this.#buffer.subarray(0, this.#readBytes)));
    return true;
  }

  #progress(header: ProxyHeader): void {
    if (header.verdict === 'more') this.#makeRoom(header.bytes);
    else if (header.verdict === 'malformed') this.#fail('malformed', header.reason);
    else this.#done(header.source === null ? null : { source: header.source, destination: header.destination });
  }

  #makeRoom(bytes: number): void {
    const end = this.#readBytes + bytes;
    if (end > this.#buffer.length) {
      const grown = Buffer.allocUnsafe(end);
      this.#buffer.copy(grown, 0, 0, this.#readBytes);
      this.#buffer = grown;
    }
    this.#next = this.#buffer.subarray(this.#readBytes, end);
  }

  #done(peer: Peer | null): void {
    this.#settled = true;
    clearTimeout(this.#timer);
    release(this.#socket);
    this.#events.done(this.#connection, peer);
  }

  #fail(reason: 'malformed' | 'timeout' | 'closed', detail: string): void {
    if (this.#settled) return;
    this.cancel();
    this.#events.failed(reason, detail);
  }
}

/**
 * Takes the handle out of a socket and stops polling it. Until it is closed, the handle keeps a reference to the empty socket,
 * which owns its read buffer.
 */
function release(socket: Socket): void {
  const holder = socket as unknown as { _handle: { reading: boolean; readStop(): number } | null };
  if (holder._handle === null) return;
  holder._handle.reading = false;
  holder._handle.readStop();
  holder._handle = null;
}
