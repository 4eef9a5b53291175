import { createServer } from 'node:net';
import { errnoOf } from '../errors/lb-error.ts';
import type { ListenQuery, SocketName } from '../protocol/worker.ts';
import { claimSocketPath } from '../system/stale-socket.ts';
import { stealHandle, type RawConnection, type RawListener } from './raw-handles.ts';

const DEFAULT_BACKLOG = 511;

export interface Listener {
  readonly key: string;
  readonly handle: RawListener;
  readonly name: SocketName | null;
  /** How people write it: `*:3000`, `/run/app.sock`. */
  readonly label: string;
}

export type ListenOutcome = { readonly errno: 0; readonly listener: Listener } | { readonly errno: number; readonly listener: null };

interface ListenersOptions {
  readonly onConnection: (key: string, connection: RawConnection) => void;
  /** A listener that the daemon should hold a duplicate of. */
  readonly onOpened: (listener: Listener) => void;
  readonly onClosed: (key: string) => void;
}

/** The app's listening sockets: opened when a worker first asks, kept whatever the workers do. */
export class Listeners {
  readonly #options: ListenersOptions;
  readonly #open = new Map<string, Listener>();
  readonly #opening = new Map<string, Promise<ListenOutcome>>();
  /** Received from the daemon after the death of another primary; not polled until a worker asks for them. */
  readonly #inherited = new Map<string, { handle: RawListener; name: SocketName | null }>();

  constructor(options: ListenersOptions) {
    this.#options = options;
  }

  get all(): readonly Listener[] {
    return [...this.#open.values()];
  }

  /** True when this app is known to listen, so that a worker which does not is not ready. */
  get expected(): boolean {
    return this.#open.size + this.#inherited.size > 0;
  }

  inherit(key: string, handle: RawListener, name: SocketName | null): void {
    this.#inherited.set(key, { handle, name });
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
      const listener = this.#accept(query, inherited.handle, inherited.name);
      const errno = inherited.handle.listen(query.backlog ?? DEFAULT_BACKLOG);
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

  #bind(query: ListenQuery): Promise<ListenOutcome> {
    return new Promise((resolve, reject) => {
      const server = createServer();
      server.once('error', reject);
      server.listen(listenOptions(query), () => {
        const handle = stealHandle(server);
        const listener = this.#accept(query, handle, socketName(handle));
        this.#options.onOpened(listener);
        resolve({ errno: 0, listener });
      });
    });
  }

  #accept(query: ListenQuery, handle: RawListener, name: SocketName | null): Listener {
    const listener = { key: query.key, handle, name, label: labelOf(query, name) };
    this.#open.set(query.key, listener);
    handle.onconnection = (status, connection) => {
      if (status === 0 && connection !== undefined) this.#options.onConnection(query.key, connection);
    };
    return listener;
  }
}

function listenOptions(query: ListenQuery): object {
  const backlog = query.backlog ?? DEFAULT_BACKLOG;
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

function socketName(handle: RawListener): SocketName | null {
  const out: Partial<SocketName> = {};
  if (handle.getsockname === undefined || handle.getsockname(out) !== 0) return null;
  return out.port === undefined ? null : (out as SocketName);
}

function labelOf(query: ListenQuery, name: SocketName | null): string {
  if (query.addressType === -1) return query.address ?? '';
  const host = query.address ?? '*';
  const shown = host === '::' || host === '0.0.0.0' ? '*' : host.includes(':') ? `[${host}]` : host;
  return `${shown}:${name?.port ?? query.port}`;
}

function refusal(error: unknown): ListenOutcome {
  const { errno } = error as { errno?: unknown };
  return { errno: typeof errno === 'number' && errno !== 0 ? errno : -22, listener: null };
}
