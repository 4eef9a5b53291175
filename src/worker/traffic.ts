import { subscribe } from 'node:diagnostics_channel';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import type { Duplex } from 'node:stream';
import type { DrainBlockers } from '../protocol/snapshot.ts';
import { LATENCY_BUCKETS_MS } from '../protocol/worker.ts';
import { kindOf, type AnyServer, type ServerKind, type ServerSocket } from './node-internals.ts';

type InFlight = ServerResponse | ServerHttp2Stream;

/**
 * Everything this worker has open, seen through Node's public diagnostics channels, so that the app needs no change.
 * Counts only; what is done about it during a drain stands in `drain.ts`.
 */
export class Traffic {
  readonly connections = new Map<ServerSocket, ServerKind>();
  /** Requests that have no complete answer yet, with the time they began. */
  readonly inFlight = new Map<InFlight, number>();
  readonly sessions = new Set<ServerHttp2Session>();
  readonly websockets = new Set<Duplex>();
  /** Upgraded to something else than WebSocket, or a CONNECT tunnel. */
  readonly tunnels = new Set<Duplex>();
  requests = 0;
  readonly statusClasses = [0, 0, 0, 0, 0];
  latency: number[] = emptyLatency();
  /** Called for each request that begins; set while draining. */
  onRequest: ((response: ServerResponse) => void) | null = null;
  /** Called for each HTTP/2 stream that opens; set while draining. */
  onStream: ((session: ServerHttp2Session) => void) | null = null;

  readonly #watched = new WeakSet<AnyServer>();

  start(): void {
    subscribe('net.server.socket', (message) => this.#opened((message as { socket: ServerSocket }).socket));
    subscribe('http.server.request.start', (message) => {
      const { response } = message as { response: ServerResponse };
      this.inFlight.set(response, performance.now());
      if (this.onRequest !== null) this.onRequest(response);
    });
    subscribe('http.server.response.finish', (message) => {
      const { response } = message as { response: ServerResponse };
      this.#finished(response, response.statusCode);
    });
  }

  /** Makes upgrades and HTTP/2 sessions of a server visible. */
  watch(server: AnyServer): void {
    if (this.#watched.has(server)) return;
    this.#watched.add(server);
    const kind = kindOf(server);
    if (kind === 'http2') server.prependListener('session', (session: ServerHttp2Session) => this.#sessionOpened(session));
    if (kind === 'raw') return;
    // A listener of ours for 'upgrade' would change how Node treats upgrade requests of an app that has none.
    const emit = server.emit;
    const noteUpgrade = (request: IncomingMessage, socket: Duplex): void => this.#upgraded(request, socket);
    server.emit = function (this: AnyServer, event: string | symbol, ...args: unknown[]): boolean {
      if (event === 'upgrade' || event === 'connect') noteUpgrade(args[0] as IncomingMessage, args[1] as Duplex);
      return Reflect.apply(emit, this, [event, ...args]);
    };
  }

  /** Forgets requests whose connection went away before they were answered. */
  sweep(): void {
    for (const item of this.inFlight.keys()) {
      const socket = 'socket' in item ? item.socket : null;
      if (item.destroyed || item.writableFinished || socket?.destroyed) this.inFlight.delete(item);
    }
  }

  count(kind: ServerKind): number {
    let n = 0;
    for (const k of this.connections.values()) if (k === kind) n++;
    return n;
  }

  blockers(): DrainBlockers {
    this.sweep();
    const oldest = this.inFlight.values().next();
    const upgraded = this.websockets.size + this.tunnels.size;
    return {
      requests: this.inFlight.size,
      oldestMs: oldest.done === true ? 0 : Math.round(performance.now() - oldest.value),
      connections: Math.max(0, this.count('http') + this.count('http2') - upgraded),
      websockets: this.websockets.size,
      sockets: this.count('raw') + this.tunnels.size,
    };
  }

  takeLatency(): number[] {
    const taken = this.latency;
    this.latency = emptyLatency();
    return taken;
  }

  #opened(socket: ServerSocket): void {
    this.connections.set(socket, kindOf(socket.server));
    socket.once('close', () => this.connections.delete(socket));
  }

  #finished(item: InFlight, status: number): void {
    const began = this.inFlight.get(item);
    this.inFlight.delete(item);
    this.requests++;
    const index = Math.floor(status / 100) - 1;
    if (this.statusClasses[index] !== undefined) this.statusClasses[index] += 1;
    if (began === undefined) return;
    const took = performance.now() - began;
    let bucket = 0;
    while (bucket < LATENCY_BUCKETS_MS.length && took > (LATENCY_BUCKETS_MS[bucket] ?? 0)) bucket++;
    this.latency[bucket] = (this.latency[bucket] ?? 0) + 1;
  }

  #sessionOpened(session: ServerHttp2Session): void {
    this.sessions.add(session);
    session.once('close', () => this.sessions.delete(session));
    session.on('stream', (stream: ServerHttp2Stream) => {
      this.inFlight.set(stream, performance.now());
      stream.once('close', () => this.#finished(stream, Number(stream.sentHeaders?.[':status'] ?? 0)));
      if (this.onStream !== null) this.onStream(session);
    });
  }

  #upgraded(request: IncomingMessage, socket: Duplex): void {
    const isWebSocket = request.headers.upgrade?.toLowerCase() === 'websocket';
    const set = isWebSocket ? this.websockets : this.tunnels;
    set.add(socket);
    socket.once('close', () => set.delete(socket));
  }
}

function emptyLatency(): number[] {
  return new Array<number>(LATENCY_BUCKETS_MS.length + 1).fill(0);
}
