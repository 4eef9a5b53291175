import { rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { errnoOf } from '../../errors/lb-error.ts';
import { DEFAULT_BACKLOG, type ListenQuery, type SocketName } from '../../protocol/worker.ts';
import { claimSocketPath } from '../../system/stale-socket.ts';
import { CLOSING_BACKLOG, stealHandle, type RawConnection, type RawListener } from '../handles/raw-handles.ts';

export interface Listener {
  readonly key: string;
  readonly query: ListenQuery;
  handle: RawListener;
  readonly name: SocketName | null;
  /** How people write it: `*:3000`, `/run/app.sock`. */
  readonly label: string;
  /** `paused`: not polled, new connections wait in the kernel. */
  mode: 'accepting' | 'pausing' | 'paused';
}

export type ListenOutcome = { readonly errno: 0; readonly listener: Listener } | { readonly errno: number; readonly listener: null };

/** Opens a listening socket. @throws the error of `server.listen`. */
export type BindListener = (query: ListenQuery) => Promise<RawListener>;

interface ListenersOptions {
  readonly bind: BindListener;
  readonly onConnection: (key: string, connection: RawConnection) => void;
  /** A listener that the daemon should hold a duplicate of. */
  readonly onOpened: (listener: Listener) => void;
  readonly onClosed: (key: string) => void;
  /** Asks for an unpolled duplicate, which comes to `received`; false when nobody keeps one. */
  readonly borrow: (key: string) => boolean;
}

/** The app's listening sockets: opened when a worker first asks, kept whatever the workers do. */
export class Listeners {
  readonly #options: ListenersOptions;
  readonly #open = new Map<string, Listener>();
  readonly #opening = new Map<string, Promise<ListenOutcome>>();
  /** Received from the daemon after the death of another primary; not polled until a worker asks for them. */
  readonly #inherited = new Map<string, { handle: RawListener; name: SocketName | null }>();
  /** Closed before the duplicate came that should have let them pause. */
  readonly #closedInPause = new Set<string>();

  constructor(options: ListenersOptions) {
    this.#options = options;
  }

  get all(): readonly Listener[] {
    return [...this.#open.values()];
  }

  /** Of every socket that the daemon may hold too. */
  get keptKeys(): readonly string[] {
    return [...this.#open.keys(), ...this.#inherited.keys()];
  }

  get(key: string): Listener | undefined {
    return this.#open.get(key);
  }

  /** True when this app is known to listen, so that a worker which does not is not ready. */
  get expected(): boolean {
    return this.#open.size + this.#inherited.size > 0;
  }

  /** A handle from the daemon: of the primary before this one, or the duplicate that lets a listener pause. */
  received(key: string, handle: RawListener, name: SocketName | null): void {
    const listener = this.#open.get(key);
    if (listener === undefined) {
      if (this.#closedInPause.delete(key)) handle.close();
      else this.#inherited.set(key, { handle, name });
    } else if (listener.mode === 'pausing') {
      // libuv cannot stop polling a listening handle; closing ours does, and the duplicate keeps the socket.
      listener.handle.close();
      listener.handle = handle;
      listener.mode = 'paused';
    } else {
      handle.close();
    }
  }

  /** Accepts no more for now; connections wait in the kernel's queue. Goes on accepting where no duplicate can be had. */
  pause(key: string): void {
    const listener = this.#open.get(key);
    // Closing the handle that a Unix socket was bound with removes its file, and nobody would find it again.
    if (listener?.mode !== 'accepting' || listener.query.addressType === -1) return;
    if (this.#options.borrow(key)) listener.mode = 'pausing';
  }

  resume(key: string): void {
    const listener = this.#open.get(key);
    if (listener === undefined || listener.mode === 'accepting') return;
    if (listener.mode === 'paused') this.#poll(listener);
    listener.mode = 'accepting';
  }

  /** Lets as few come as it can before the listener is closed: a TCP socket has no queue any more, a Unix socket no file. */
  narrow(key: string): void {
    this.resume(key);
    const listener = this.#open.get(key);
    if (listener === undefined) return;
    if (listener.query.addressType !== -1) listener.handle.listen(CLOSING_BACKLOG);
    else if (listener.query.address !== null) removeFile(listener.query.address);
  }

  async listen(query: ListenQuery): Promise<ListenOutcome> {
    const open = this.#open.get(query.key);
    if (open !== undefined) return { errno: 0, listener: open };
    let opening = this.#opening.get(query.key);
    if (opening === undefined) {
      opening = this.#start(query).finally(() => this.#opening.delete(query.key));
      this.#opening.set(query.key, opening);
    }
    return opening;
  }

  /** Closes every listener that is not in use, and forgets inherited ones that nobody asked for. */
  closeAllBut(used: ReadonlySet<string>): void {
    for (const [key, listener] of this.#open) {
      if (used.has(key)) continue;
      this.#open.delete(key);
      listener.handle.close();
      if (listener.mode === 'pausing') this.#closedInPause.add(key);
      // libuv removes the file only for the handle that was bound, not for one that came from another process.
      if (listener.query.addressType === -1 && listener.query.address !== null) removeFile(listener.query.address);
      this.#options.onClosed(key);
    }
    for (const [key, { handle }] of this.#inherited) {
      this.#inherited.delete(key);
      handle.close();
      this.#options.onClosed(key);
    }
  }

  async #start(query: ListenQuery): Promise<ListenOutcome> {
    const inherited = this.#inherited.get(query.key);
    if (inherited !== undefined) {
      this.#inherited.delete(query.key);
      const listener = this.#add(query, inherited.handle, inherited.name);
      const errno = this.#poll(listener);
      return errno === 0 ? { errno: 0, listener } : { errno, listener: null };
    }
    try {
      return await this.#bind(query);
    } catch (error) {
      if (errnoOf(error) !== 'EADDRINUSE' || query.addressType !== -1 || query.address === null) return refusal(error);
    }
    // A Unix socket's file outlives a primary that was killed: taken over if nobody answers on it.
    try {
      await claimSocketPath(query.address);
      return await this.#bind(query);
    } catch {
      return refusal({ errno: -98 });
    }
  }

  async #bind(query: ListenQuery): Promise<ListenOutcome> {
    const handle = await this.#options.bind(query);
    const listener = this.#add(query, handle, socketName(handle));
    this.#feed(listener);
    this.#options.onOpened(listener);
    return { errno: 0, listener };
  }

  #add(query: ListenQuery, handle: RawListener, name: SocketName | null): Listener {
    const listener: Listener = { key: query.key, query, handle, name, label: labelOf(query, name), mode: 'accepting' };
    this.#open.set(query.key, listener);
    return listener;
  }

  #feed({ key, handle }: Listener): void {
    handle.onconnection = (status, connection) => {
      if (status === 0 && connection !== undefined) this.#options.onConnection(key, connection);
    };
  }

  /** Begins to accept on a handle that listens already. */
  #poll(listener: Listener): number {
    this.#feed(listener);
    return listener.handle.listen(listener.query.backlog || DEFAULT_BACKLOG);
  }
}

/** Binds and listens. Nothing is accepted before the next turn of the event loop; by then the caller has set `onconnection`. */
export function bindListener(query: ListenQuery): Promise<RawListener> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(listenOptions(query), () => resolve(stealHandle(server)));
  });
}

function removeFile(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    return;
  }
}

function listenOptions(query: ListenQuery): object {
  const backlog = query.backlog || DEFAULT_BACKLOG;
  if (query.addressType === -1) {
    return { path: query.address, backlog, readableAll: query.readableAll, writableAll: query.writableAll };
  }
  return {
    port: query.port ?? 0,
    ...(query.address === null ? {} : { host: query.address }),
    ipv6Only: (query.flags & 1) === 1,
    backlog,
  };
}

export function socketName(handle: RawListener): SocketName | null {
  const out: Partial<SocketName> = {};
  if (handle.getsockname === undefined || handle.getsockname(out) !== 0) return null;
  return out.port === undefined ? null : (out as SocketName);
}

export function labelOf(query: Pick<ListenQuery, 'address' | 'port' | 'addressType'>, name: SocketName | null): string {
  if (query.addressType === -1) return query.address ?? '';
  const host = query.address ?? '*';
  const shown = host === '::' || host === '0.0.0.0' ? '*' : host.includes(':') ? `[${host}]` : host;
  return `${shown}:${name?.port ?? query.port}`;
}

function refusal(error: unknown): ListenOutcome {
  const { errno } = error as { errno?: unknown };
  return { errno: typeof errno === 'number' && errno !== 0 ? errno : -22, listener: null };
}
