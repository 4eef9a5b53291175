import { readlinkSync } from 'node:fs';
import { createServer, Socket, type Server } from 'node:net';
import { randomBytes } from 'node:crypto';
import { abstractSocketName } from './abstract-socket.ts';
import { discardHandle } from './discard-handle.ts';
import { listenPrivately } from './listen-privately.ts';
import { withShortPath } from './short-path.ts';

/** Node's raw pipe. Its types do not have it. */
interface RawPipe {
  /** Descriptor. */
  readonly fd: number;
  /** Set before `onread` is called with the bytes that a handle came with. */
  pendingHandle?: object | null;
  onread: (bytes: unknown) => unknown;
  open(descriptor: number): number;
  bind(path: string): number;
  close(): void;
  /** Older versions are given a request and return an error number. Newer ones may return the request that they made. */
  writeUtf8String(request: object | null, text: string, handle?: object): number | object;
}

interface PipeBinding {
  readonly Pipe: new (kind: number) => RawPipe;
  readonly constants: { readonly IPC: number };
}

/** A pipe of the kind that carries handles beside its bytes, which Node itself opens only between parent and child. */
function newPipe(): RawPipe {
  const { binding } = process as unknown as { readonly binding: (name: 'pipe_wrap') => PipeBinding };
  const { Pipe, constants } = binding('pipe_wrap');
  return new Pipe(constants.IPC);
}

const MOST_UNTAKEN = 1_024;

/** One end of a connection over a Unix socket that carries text, and handles of listening sockets and pipes beside it, in order. */
export class HandleChannel {
  readonly #socket: Socket;
  /** The handle of each write that has not begun. */
  readonly #unsent: (object | undefined)[] = [];
  readonly #received: object[] = [];

  private constructor(pipe: RawPipe, connected: boolean) {
    const socket = new Socket({ handle: pipe, manualStart: !connected } as object);
    // One write for each text, so that a handle stays with its own.
    Object.assign(socket, { _writev: null });
    const write = pipe.writeUtf8String.bind(pipe);
    pipe.writeUtf8String = (request, text) => {
      const handle = this.#unsent.shift();
      if (handle === undefined) return write(request, text);
      const result = write(request, text, handle);
      const made = request ?? (typeof result === 'object' ? result : null);
      // Node keeps the sent handle alive in place of the one that wrote, which `net.Socket` looks for when the write ends.
      if (made !== null) Object.assign(made, { handle: pipe, sent: handle });
      return result;
    };
    const read = pipe.onread.bind(pipe);
    pipe.onread = (bytes) => {
      const handle = pipe.pendingHandle;
      if (handle != null) this.#received.push(handle);
      // Each comes with a message that takes it: the other end sends handles alone.
      if (this.#received.length > MOST_UNTAKEN) socket.destroy();
      pipe.pendingHandle = null;
      return read(bytes);
    };
    socket.on('error', () => {});
    socket.once('close', () => {
      for (const handle of this.#received.splice(0)) discardHandle(handle);
    });
    this.#socket = socket;
  }

  static connect(path: string): HandleChannel {
    const channel = new HandleChannel(newPipe(), false);
    withShortPath(path, (short) => channel.#socket.connect({ path: short }));
    return channel;
  }

  /** @param accepted not yet read from. Null if its descriptor cannot be used. */
  static accept(accepted: Pick<RawPipe, 'fd' | 'close'>): HandleChannel | null {
    const pipe = newPipe();
    // From here on it is never closed: both are on one descriptor, which the channel closes.
    if (pipe.open(accepted.fd) === 0) return new HandleChannel(pipe, true);
    accepted.close();
    return null;
  }

  get closed(): boolean {
    return this.#socket.destroyed;
  }

  get unsentBytes(): number {
    return this.#socket.writableLength;
  }

  onData(listener: (chunk: Buffer) => void): void {
    this.#socket.on('data', listener);
  }

  onClose(listener: () => void): void {
    this.#socket.once('close', listener);
  }

  /** @param handle stays open here; the other end gets a duplicate */
  write(text: string, handle?: object): void {
    if (this.#socket.destroyed || this.#socket.writableEnded) return;
    this.#unsent.push(handle);
    this.#socket.write(text, 'utf8');
  }

  /** The handle that came first, of those that were not taken. */
  takeHandle(): object | null {
    return this.#received.shift() ?? null;
  }

  /** Sends what was written, then closes. */
  end(): void {
    this.#socket.end();
  }

  destroy(): void {
    this.#socket.destroy();
  }
}

/** Listens for connections that carry handles. Only for processes of this user: the caller sees to the permissions. */
export function listenForChannels(path: string, accepted: (channel: HandleChannel) => void): Promise<Server> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    listenPrivately(server, { path, exclusive: true }, () => {
      openAll(server, accepted);
      server.on('error', () => {});
      resolve(server);
    });
  });
}

/** Like `listenForChannels`, on a listening socket that this process inherited. */
export function acceptChannels(descriptor: number, accepted: (channel: HandleChannel) => void): void {
  const server = createServer();
  server.listen({ fd: descriptor, exclusive: true }, () => openAll(server, accepted));
}

/** A connection is left alone until it is opened as a channel: what is polled cannot be opened again. */
function openAll(server: Server, accepted: (channel: HandleChannel) => void): void {
  const { _handle: handle } = server as unknown as { readonly _handle: { onconnection: (status: number, connection?: RawPipe) => void } };
  handle.onconnection = (status, connection) => {
    const channel = status === 0 && connection !== undefined ? HandleChannel.accept(connection) : null;
    if (channel !== null) accepted(channel);
  };
}

/** A socket for nothing but to be recognized. */
export interface Token {
  readonly handle: { close(): void };
  /** What a descriptor of it leads to in `/proc`, in every process that has one. */
  readonly inode: string;
}

/** A new token; null without Linux's `/proc`. */
export function createToken(): Token | null {
  if (process.platform !== 'linux') return null;
  const handle = newPipe();
  const inode = handle.bind(abstractName()) === 0 ? descriptorOf('self', handle.fd) : null;
  if (inode !== null) return { handle, inode };
  handle.close();
  return null;
}

/** A name for a Unix socket that needs no file. Linux only. */
export const abstractName = (): string => `\0${abstractSocketName(`lb-${process.pid}-${randomBytes(16).toString('hex')}`)}`;

/** What a descriptor of a process leads to; null if it has none, or there is no `/proc`. */
export function descriptorOf(pid: number | 'self', descriptor: number): string | null {
  try {
    return readlinkSync(`/proc/${pid}/fd/${descriptor}`);
  } catch {
    return null;
  }
}
