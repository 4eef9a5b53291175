import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ServerHttp2Session } from 'node:http2';
import type { Duplex } from 'node:stream';
import { kindOf, openSockets, type AnyServer, type ServerSocket, type TrafficKind } from './node-internals.ts';
import { Probes } from './probes.ts';
import { deferRequests, onUpgrade } from './server-hooks.ts';

interface ServerEvents {
  upgraded(request: IncomingMessage, socket: Duplex): void;
  session(session: ServerHttp2Session): void;
}

/** The servers of this worker. They are hooked only for what is needed at the time, because each request would pay for more. */
export class WatchedServers {
  readonly probes = new Probes(() => {
    for (const [server, kind] of this.#kinds) this.#noteConnections(server, kind);
  });
  readonly #events: ServerEvents;
  readonly #kinds = new Map<AnyServer, TrafficKind>();
  #onRequest: ((response: ServerResponse) => void) | null = null;
  /** How to stop deferring the requests of each server, while `onRequest` is set. */
  readonly #deferring = new Map<AnyServer, () => void>();

  constructor(events: ServerEvents) {
    this.#events = events;
  }

  /** Called for each new request. Set while the worker drains or rebalances. */
  get onRequest(): ((response: ServerResponse) => void) | null {
    return this.#onRequest;
  }

  set onRequest(called: ((response: ServerResponse) => void) | null) {
    this.#onRequest = called;
    if (called !== null) {
      for (const [server, kind] of this.#kinds) this.#defer(server, kind);
      return;
    }
    for (const stop of this.#deferring.values()) stop();
    this.#deferring.clear();
  }

  /** Counts a server's connections, and tracks its upgrades and HTTP/2 sessions. */
  watch(server: AnyServer): void {
    if (this.#kinds.has(server)) return;
    const kind = kindOf(server);
    this.#kinds.set(server, kind);
    server.once('close', () => {
      this.#kinds.delete(server);
      this.#deferring.delete(server);
    });
    if (kind === 'http2') server.prependListener('session', (session: ServerHttp2Session) => this.#events.session(session));
    if (kind !== 'raw') onUpgrade(server, (request, socket) => this.#events.upgraded(request, socket));
    if (this.probes.any) this.#noteConnections(server, kind);
    if (this.#onRequest !== null) this.#defer(server, kind);
  }

  count(kind: TrafficKind): number {
    let n = 0;
    for (const [server, k] of this.#kinds) if (k === kind) n += server._connections ?? 0;
    return n;
  }

  /** The open connections of servers of these kinds. */
  sockets(...kinds: readonly TrafficKind[]): ServerSocket[] {
    return openSockets().filter(({ server }) => server !== undefined && kinds.some((kind) => this.#kinds.get(server) === kind));
  }

  #defer(server: AnyServer, kind: TrafficKind): void {
    if (kind === 'http' && !this.#deferring.has(server))
      this.#deferring.set(
        server,
        deferRequests(server, () => this.#onRequest !== null),
      );
  }

  #noteConnections(server: AnyServer, kind: TrafficKind): void {
    if (kind !== 'raw') server.prependListener('connection', (socket: Duplex) => this.probes.note(socket));
  }
}
