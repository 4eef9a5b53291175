import type { Server, Socket } from 'node:net';
import type { EventEmitter } from 'node:events';
import type { ServerKind } from '../protocol/worker.ts';

/**
 * The shapes of Node's internal objects that the preload uses and `@types/node` does not describe. They match Node 20 to 26;
 * `test/process` runs on each.
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

/** A libuv connection handle, before it becomes a `net.Socket`. */
export interface RawHandle {
  close(done?: () => void): void;
  getpeername?(out: object): number;
}

/** The query that `net` builds in `listenInCluster`. */
export interface NodeListenQuery {
  readonly address: string | null;
  readonly port: number | null;
  readonly addressType: 4 | 6 | -1 | 'udp4' | 'udp6';
  readonly fd?: number | null | undefined;
  readonly flags?: number | null | undefined;
  readonly backlog?: number | null | undefined;
  readonly readableAll?: boolean;
  readonly writableAll?: boolean;
}

/** What `net` calls to open the socket of a server, whose arguments it has parsed. It uses the handle that the server has. */
export interface ServerInternals {
  _handle: ListeningHandle | null;
  _listen2(this: ServerInternals, address: string | null, port: number | null, addressType: 4 | 6 | -1, backlog?: number, fd?: number, flags?: number): void;
}

export type ListenCallback = (errno: number, handle: ListeningHandle | null) => void;

export interface ClusterInternals {
  _getServer(server: Server, query: NodeListenQuery, callback: ListenCallback): void;
}

/** A server of `net`, `tls`, `http`, `https` or `http2`. They are distinguished by their methods. */
export interface AnyServer extends EventEmitter {
  readonly maxConnections?: number | null;
  readonly _connections?: number;
  readonly keepAliveTimeout?: number;
  closeIdleConnections?(): void;
  updateSettings?: unknown;
  /** Only servers with TLS have it. */
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

/** The protocol that clients of a server use. */
export function protocolOf(server: AnyServer): ServerKind {
  const secure = typeof server.setSecureContext === 'function';
  const kind = kindOf(server);
  if (kind === 'http') return secure ? 'https' : 'http';
  if (kind === 'http2') return secure ? 'http2' : 'h2c';
  return secure ? 'tls' : 'tcp';
}

/** The open sockets of this process. `_getActiveHandles` is undocumented, but the only way to list them without tracking each one. */
export function openSockets(): ServerSocket[] {
  const handles = (process as unknown as { _getActiveHandles?(): readonly unknown[] })._getActiveHandles?.() ?? [];
  return handles.filter((handle): handle is ServerSocket => typeof (handle as Partial<ServerSocket>).bytesRead === 'number');
}
