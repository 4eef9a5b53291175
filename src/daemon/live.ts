import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { WebSocket, WebSocketServer } from 'ws';
import type { LogLine, LogMessage, Stats } from '../protocol/control.ts';
import type { EventLog, EventQuery } from './event-log.ts';
import { eventQuery } from './event-query.ts';
import type { Registry } from './registry.ts';
import { lineCount } from './routes.ts';

/** Above this many unsent bytes, a reader misses lines until it has caught up. */
const BUSY_BYTES = 1024 * 1024;
const STATS_EVERY_MS = 1_000;
/** Default number of recent events that a subscription begins with. */
const RECENT_EVENTS = 500;
const ALL_EVENTS = Number.MAX_SAFE_INTEGER;
const MAX_PAYLOAD_BYTES = 64 * 1024;

/** A subscriber to the log of one app, or of all apps. */
interface LogReader {
  readonly app: string | null;
  send(line: LogLine): void;
  dropped(lines: number): void;
}

/** Live logs, events and stats on WebSockets. A slow reader is told what it missed; buffers are bounded. */
export class Live {
  readonly #registry: () => Registry;
  readonly #readers = new Set<LogReader>();
  readonly #events: EventLog;
  readonly #statsReaders = new Set<WebSocket>();
  #statsTimer: NodeJS.Timeout | null = null;
  #server: Promise<WebSocketServer> | null = null;

  constructor(registry: () => Registry, events: EventLog) {
    this.#registry = registry;
    this.#events = events;
  }

  followed(app: string): boolean {
    return [...this.#readers].some((reader) => reader.app === null || reader.app === app);
  }

  /** Follows within this process, for foreground mode. */
  follow(app: string | null, onLine: (line: LogLine) => void): void {
    this.#readers.add({ app, send: onLine, dropped: () => {} });
  }

  logs(app: string, lines: readonly LogLine[], dropped: number): void {
    for (const reader of this.#readers) {
      if (reader.app !== null && reader.app !== app) continue;
      if (dropped > 0) reader.dropped(dropped);
      for (const line of lines) reader.send(line);
    }
  }

  async accept(request: IncomingMessage, socket: Socket, head: Buffer, url: URL): Promise<boolean> {
    const serve = this.#serverFor(url);
    if (serve === null) return false;
    const server = await this.#webSockets();
    server.handleUpgrade(request, socket, head, (client) => {
      client.on('error', () => client.terminate());
      serve(client);
    });
    return true;
  }

  /** @throws LbError for an unknown app or an invalid number of lines, before the upgrade */
  #serverFor(url: URL): ((client: WebSocket) => void) | null {
    const app = url.searchParams.get('app');
    if (url.pathname === '/v1/events') {
      const query = eventQuery(url.searchParams, { name: 'lines', default: RECENT_EVENTS });
      return (client) => void this.#serveEvents(client, query);
    }
    if (app !== null) this.#registry().get(app);
    if (url.pathname === '/v1/logs') {
      const lines = lineCount(url.searchParams.get('lines'));
      return (client) => void this.#serveLogs(client, app, lines);
    }
    return url.pathname === '/v1/stats' ? (client) => this.#serveStats(client) : null;
  }

  #webSockets(): Promise<WebSocketServer> {
    this.#server ??= import('ws').then(
      ({ WebSocketServer: Server }) => new Server({ noServer: true, perMessageDeflate: false, maxPayload: MAX_PAYLOAD_BYTES }),
    );
    return this.#server;
  }

  async #serveLogs(client: WebSocket, app: string | null, lines: number): Promise<void> {
    let missed = 0;
    /** Lines that arrive before the recent ones are sent; null afterwards. */
    let early: LogLine[] | null = [];
    const apps = this.#registry().all.filter((handle) => app === null || handle.name === app);
    const send = (message: LogMessage): void => client.send(JSON.stringify(message), tellMissed);
    /** Called again when something has been sent, because no other line may come. */
    const tellMissed = (): void => {
      if (missed === 0 || early !== null || client.bufferedAmount > BUSY_BYTES || client.readyState !== client.OPEN) return;
      const lines = missed;
      missed = 0;
      send({ type: 'dropped', lines });
    };
    const reader: LogReader = {
      app,
      send: (line) => {
        // The end of a line whose beginning was sent is nothing to show.
        if (line.continues === true && line.text === '') return;
        if (early !== null) {
          early.push(line);
          return;
        }
        if (client.bufferedAmount > BUSY_BYTES) {
          missed++;
          return;
        }
        tellMissed();
        send({ type: 'line', line });
      },
      dropped: (count) => {
        missed += count;
        tellMissed();
      },
    };
    client.once('close', () => {
      this.#readers.delete(reader);
      for (const handle of apps) if (!this.followed(handle.name)) void handle.view.follow(false);
    });
    this.#readers.add(reader);
    for (const handle of apps) void handle.view.follow(true);
    // A primary sends waiting lines before it answers, so the answer already contains all lines received from it.
    const forget = (name: string): void => void (early = early?.filter((line) => line.app !== name) ?? null);
    const tails = await Promise.all(apps.map((handle) => handle.view.tail(lines, () => forget(handle.name))));
    const recent = tails.flatMap((tail) => tail ?? []).sort((a, b) => a.at - b.at);
    const since: readonly LogLine[] = early;
    early = null;
    if (client.readyState !== client.OPEN) return;
    for (const line of [...recent.slice(Math.max(0, recent.length - lines)), ...since]) reader.send(line);
    tellMissed();
  }

  async #serveEvents(client: WebSocket, query: EventQuery): Promise<void> {
    const { app } = query;
    const newest = this.#events.last?.id ?? 0;
    const before = await this.#events.query(query.since === null ? query : { ...query, limit: ALL_EVENTS });
    if (client.readyState !== client.OPEN) return;
    for (const event of before) client.send(JSON.stringify(event));
    let since = before.at(-1)?.id ?? newest;
    // Once a slow reader has caught up, it gets what it missed, if that is still in memory.
    const catchUp = (): void => {
      if (client.bufferedAmount > BUSY_BYTES) return;
      for (const event of this.#events.recent({ app, since, limit: ALL_EVENTS })) {
        client.send(JSON.stringify(event));
        since = event.id;
      }
    };
    catchUp();
    client.once('close', this.#events.follow(catchUp));
  }

  /** One snapshot per second serves all readers. */
  #serveStats(client: WebSocket): void {
    this.#statsReaders.add(client);
    client.once('close', () => {
      this.#statsReaders.delete(client);
      if (this.#statsReaders.size > 0 || this.#statsTimer === null) return;
      clearInterval(this.#statsTimer);
      this.#statsTimer = null;
    });
    this.#statsTimer ??= setInterval(() => void this.#sendStats(), STATS_EVERY_MS);
    void this.#sendStats(client);
  }

  async #sendStats(only?: WebSocket): Promise<void> {
    const stats: Stats = { at: Date.now(), apps: await this.#registry().snapshots() };
    const text = JSON.stringify(stats);
    for (const client of only === undefined ? this.#statsReaders : [only]) if (client.bufferedAmount <= BUSY_BYTES) client.send(text);
  }
}
