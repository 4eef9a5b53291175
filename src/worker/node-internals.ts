import type { Server, Socket } from 'node:net';
import type { EventEmitter } from 'node:events';
import type { ServerKind } from '../protocol/worker.ts';

/**
 * The shapes of Node's own objects that the preload touches and that `@types/node` does not describe. Read from
 * Node 20 to 26; `test/process` runs them on each.
 */

/** What `net.Server` expects of a listening handle. */
export interface ListeningHandle {
  onconnection?: (status: number, connection: RawHandle) => void;
  listen(backlog: number): number;
  close(done?: () => void): void;
  ref(): void;
  unref(): void;
  getsockname?(out: object): number;
}

/** A connection as libuv knows it, before it becomes a `net.Socket`. */
export interface RawHandle {
  close(done?: () => void): void;
}

/** The query `net` builds in `listenInCluster`. */
export interface NodeListenQuery {
  readonly address: string | null;
  readonly port: number | null;
  readonly addressType: 4 | 6 | -1 | 'udp4' | 'udp6';
  readonly fd?: number | null;
  readonly flags?: number | null;
  readonly backlog?: number | null;
  readonly readableAll?: boolean;
  readonly writableAll?: boolean;
}

export interface ClusterInternals {
  _getServer(server: Server, query: NodeListenQuery, callback: (errno: number, handle: ListeningHandle | null) => void): void;
}

/** Servers of `net`, `tls`, `http`, `https` and `http2`, told apart by what they can do. */
export interface AnyServer extends EventEmitter {
  readonly maxConnections?: number | null;
  readonly _connections?: number;
  readonly keepAliveTimeout?: number;
  closeIdleConnections?(): void;
  updateSettings?: unknown;
  /** Servers with TLS. */
  setSecureContext?: unknown;
}

export interface ServerSocket extends Socket {
  readonly server?: AnyServer;
}

/** How a server's connections are counted and drained. */
export type TrafficKind = 'http' | 'http2' | 'raw';

export function kindOf(server: AnyServer | undefined): TrafficKind {
  if (server === undefined) return 'raw';
  if (typeof server.updateSettings === 'function') return 'http2';
  return typeof server.closeIdleConnections === 'function' ? 'http' : 'raw';
}

/** What a client has to speak. */
export function protocolOf(server: AnyServer): ServerKind {
  const secure = typeof server.setSecureContext === 'function';
  const kind = kindOf(server);
  if (kind === 'http') return secure ? 'https' : 'http';
  if (kind === 'http2') return secure ? 'http2' : 'h2c';
  return secure ? 'tls' : 'tcp';
}

/** The open sockets of this process. `_getActiveHandles` is undocumented, and the only list there is without watching each one. */
export function openSockets(): ServerSocket[] {
  const handles = (process as unknown as { _getActiveHandles?(): readonly unknown[] })._getActiveHandles?.() ?? [];
  return handles.filter((handle): handle is ServerSocket => typeof (handle as Partial<ServerSocket>).bytesRead === 'number');
}
