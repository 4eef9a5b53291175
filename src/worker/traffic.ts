import { subscribe } from 'node:diagnostics_channel';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Patience, Tally } from '../lifecycle/canary.ts';
import type { DrainBlockers } from '../lifecycle/drain-blockers.ts';
import { LATENCY_BUCKETS_MS } from '../protocol/worker.ts';
import { ByteCount, type CountedConnection } from './byte-count.ts';
import type { ServerSocket } from './node-internals.ts';
import type { Probes } from './probes.ts';
import { onFinish } from './server-hooks.ts';
import { WatchedServers } from './watched-servers.ts';

/** By default Node closes a keep-alive connection that is idle for longer. */
const RECENT_MS = 5_000;
/** Index of 5xx among the status classes. */
const SERVER_ERROR = 4;

/** A request whose response is not complete. */
export type InFlight = ServerResponse | ServerHttp2Stream;

/** The current request of a connection. One object per connection, reused by each request. */
interface Exchange extends CountedConnection {
  readonly connection: HttpConnection;
  response: ServerResponse | null;
  beganAt: number;
  /** When its last response ended. */
  answeredAt: number;
}

const EXCHANGE = Symbol('lb.exchange');
/** Usually a socket, but a server accepts any stream that an app gives it. */
export type HttpConnection = Duplex & Partial<Pick<Socket, 'bytesRead' | 'bytesWritten' | 'destroySoon'>>;
type HttpSocket = HttpConnection & { [EXCHANGE]?: Exchange };

/**
 * Counts everything this worker has open; the app needs no change. Each request pays for what is done here, so its beginning comes
 * from a diagnostics channel and its end from `onFinish`. What happens to it during a drain is decided in `drain.ts`. Connections are
 * not tracked one by one: that would cost 4 % of a connection's work, and the servers count them anyway.
 */
export class Traffic {
  readonly sessions = new Set<ServerHttp2Session>();
  readonly websockets = new Set<Duplex>();
  /** Connections upgraded to something other than WebSocket, and CONNECT tunnels. */
  readonly tunnels = new Set<Duplex>();
  requests = 0;
  /** Requests whose connection closed before an answer began. */
  resets = 0;
  readonly statusClasses = [0, 0, 0, 0, 0];
  latency: number[] = emptyLatency();
  latencySumMs = 0;
  readonly bytes = new ByteCount();
  readonly servers = new WatchedServers({
    upgraded: (request, socket) => this.#upgraded(request, socket),
    session: (session) => this.#sessionOpened(session),
  });
  readonly probes: Probes = this.servers.probes;
  /** Called for each new HTTP/2 stream. Set while draining. */
  onStream: ((session: ServerHttp2Session) => void) | null = null;

  #sawRequest = false;
  /** HTTP/1 connections that have had at least one request. */
  readonly #exchanges = new Set<Exchange>();
  readonly #streams = new Map<ServerHttp2Stream, number>();
  readonly #sessionConnections = new Set<CountedConnection>();
  readonly #probeSessions = new WeakSet<object>();
  /** One function for all connections, and without `once`, because every connection pays for it. */
  readonly #closed: (this: HttpSocket) => void;

  constructor() {
    const exchanges = this.#exchanges;
    const { bytes } = this;
    const reset = (): void => void this.resets++;
    this.#closed = function (this: HttpSocket): void {
      const exchange = this[EXCHANGE];
      if (exchange === undefined) return;
      exchanges.delete(exchange);
      if (exchange.isProbe) return;
      bytes.read(exchange);
      if (exchange.response?.headersSent === false) reset();
    };
  }

  start(): void {
    subscribe('http.server.request.start', (message) => this.#began(message as { response: ServerResponse; socket: HttpSocket }));
  }

  /** Requests without a complete response, with the time at which they began. Requests with a lost connection do not count. */
  *inFlight(): Generator<readonly [InFlight, number]> {
    for (const { response, beganAt } of this.#exchanges) if (isUnanswered(response)) yield [response, beganAt];
    for (const [stream, beganAt] of this.#streams) if (!stream.destroyed) yield [stream, beganAt];
  }

  /**
   * HTTP/1 connections without a request in progress, with the end of the last response; null before the first. What is not known to
   * speak HTTP/2, and never had a whole request, is among them.
   */
  *idle(): Generator<readonly [HttpConnection, number | null]> {
    const others = new Set<unknown>();
    const isOther = (socket: unknown): unknown => others.add(socket).add((socket as { readonly _parent?: unknown })._parent);
    for (const socket of [...this.websockets, ...this.tunnels]) isOther(socket);
    for (const { socket } of this.#sessionConnections) isOther(socket);
    for (const { connection, response, answeredAt } of this.#exchanges) {
      if (!others.has(connection) && !isUnanswered(response)) yield [connection, answeredAt];
      isOther(connection);
    }
    for (const socket of this.servers.sockets('http', 'http2')) if (!others.has(socket)) yield [socket, null];
  }

  /** What became of the requests since the worker started, and how many have waited for the beginning of an answer for this long. */
  tally({ lateMs, hungMs }: Patience): Tally {
    const at = performance.now();
    let [late, hung] = [0, 0];
    for (const [response, beganAt] of this.#ofClients()) {
      if (response.headersSent) continue;
      if (at - beganAt >= lateMs) late++;
      if (at - beganAt >= hungMs) hung++;
    }
    const answers = this.statusClasses.reduce((sum, count) => sum + count, 0);
    return { answers, serverErrors: this.statusClasses[SERVER_ERROR] ?? 0, resets: this.resets, late, hung };
  }

  get connections(): number {
    return this.servers.count('http') + this.servers.count('http2') + this.servers.count('raw') - this.probes.size;
  }

  get requestsInFlight(): number {
    let n = 0;
    for (const _ of this.#ofClients()) n++;
    return n;
  }

  /** How many HTTP/1 connections were used recently and stay open after their response. Long streaming responses do not count. */
  kept(): number {
    const since = performance.now() - RECENT_MS;
    let n = 0;
    for (const { response, beganAt } of this.#exchanges) {
      const used = beganAt >= since || (response !== null && !response.headersSent);
      if (used && response?.shouldKeepAlive !== false) n++;
    }
    return n;
  }

  blockers(): DrainBlockers {
    let requests = 0;
    let oldest = Number.POSITIVE_INFINITY;
    for (const [, beganAt] of this.inFlight()) {
      requests++;
      oldest = Math.min(oldest, beganAt);
    }
    const upgraded = this.websockets.size + this.tunnels.size;
    return {
      requests,
      oldestMs: requests === 0 ? 0 : Math.round(performance.now() - oldest),
      connections: Math.max(0, this.servers.count('http') + this.servers.count('http2') - upgraded),
      websockets: this.websockets.size,
      sockets: this.servers.count('raw') + this.tunnels.size,
    };
  }

  /** Connections to HTTP/1 servers that never sent a byte. */
  silentSockets(): ServerSocket[] {
    return this.servers.sockets('http').filter((socket) => socket.bytesRead === 0);
  }

  /** Adds the bytes of open connections. */
  countBytes(): void {
    for (const exchange of this.#exchanges) this.bytes.read(exchange);
    for (const connection of this.#sessionConnections) this.bytes.read(connection);
  }

  takeLatency(): number[] {
    const taken = this.latency;
    this.latency = emptyLatency();
    return taken;
  }

  #began({ response, socket }: { response: ServerResponse; socket: HttpSocket }): void {
    if (!this.#sawRequest) {
      this.#sawRequest = true;
      onFinish((finished, connection) => this.#ended(finished, connection));
    }
    let exchange = socket[EXCHANGE];
    if (exchange === undefined) {
      const made: Exchange = { connection: socket, isProbe: this.probes.has(socket), response: null, beganAt: 0, answeredAt: 0, socket, received: 0, sent: 0 };
      exchange = socket[EXCHANGE] = made;
      this.#exchanges.add(made);
      socket.on('close', this.#closed);
    }
    exchange.response = response;
    exchange.beganAt = performance.now();
    this.servers.onRequest?.(response);
  }

  #ended(response: ServerResponse, socket: HttpSocket): void {
    const exchange = socket[EXCHANGE];
    if (exchange?.isProbe === true) exchange.response = null;
    else if (exchange?.response === response) {
      exchange.response = null;
      exchange.answeredAt = this.#finished(response.statusCode, exchange.beganAt);
    } else this.#finished(response.statusCode, null);
  }

  /** Returns the time. */
  #finished(status: number, beganAt: number | null): number {
    this.requests++;
    const index = Math.floor(status / 100) - 1;
    if (this.statusClasses[index] !== undefined) this.statusClasses[index] += 1;
    const now = performance.now();
    if (beganAt === null) return now;
    const took = now - beganAt;
    this.latencySumMs += took;
    let bucket = 0;
    while (bucket < LATENCY_BUCKETS_MS.length && took > (LATENCY_BUCKETS_MS[bucket] ?? 0)) bucket++;
    this.latency[bucket] = (this.latency[bucket] ?? 0) + 1;
    return now;
  }

  #sessionOpened(session: ServerHttp2Session): void {
    this.sessions.add(session);
    session.once('close', () => this.sessions.delete(session));
    const { isProbe = false } = this.#countBytesOf(session);
    if (isProbe) this.#probeSessions.add(session);
    session.on('stream', (stream: ServerHttp2Stream) => {
      const beganAt = performance.now();
      this.#streams.set(stream, beganAt);
      stream.once('close', () => {
        this.#streams.delete(stream);
        if (isProbe) return;
        if (!stream.headersSent) this.resets++;
        this.#finished(Number(stream.sentHeaders?.[':status'] ?? 0), beganAt);
      });
      if (this.onStream !== null) this.onStream(session);
    });
  }

  /** `session.socket` is a proxy that works only while the session is open, but its methods return the real socket. */
  #countBytesOf(session: ServerHttp2Session): CountedConnection {
    const socket = session.socket.once('close', () => {
      this.#sessionConnections.delete(connection);
      this.bytes.read(connection);
    });
    const connection: CountedConnection = { socket, isProbe: this.probes.has(socket), received: 0, sent: 0 };
    this.#sessionConnections.add(connection);
    return connection;
  }

  /** Requests in flight, without those of health checks. */
  *#ofClients(): Generator<readonly [InFlight, number]> {
    for (const entry of this.inFlight()) if (this.probes.size === 0 || !this.#isOfProbe(entry[0])) yield entry;
  }

  #isOfProbe(item: InFlight): boolean {
    return 'session' in item ? item.session !== undefined && this.#probeSessions.has(item.session) : this.probes.has(item.req.socket);
  }

  #upgraded(request: IncomingMessage, socket: Duplex): void {
    const isWebSocket = request.headers.upgrade?.toLowerCase() === 'websocket';
    const set = isWebSocket ? this.websockets : this.tunnels;
    set.add(socket);
    socket.once('close', () => set.delete(socket));
  }
}

/** Whether a connection still owes this response. */
function isUnanswered(response: ServerResponse | null): response is ServerResponse {
  return response !== null && !response.destroyed && !response.writableFinished;
}

function emptyLatency(): number[] {
  return new Array<number>(LATENCY_BUCKETS_MS.length + 1).fill(0);
}
