import type { ServerHttp2Session } from 'node:http2';
import type { Duplex } from 'node:stream';
import type { DrainBlockers } from '../lifecycle/drain-blockers.ts';
import { answerKind, endEventStream, STREAM_GRACE_MS } from './endless.ts';
import { IdleConnections } from './idle-connections.ts';
import { lastAnswer } from './last-answer.ts';
import type { AnyServer } from './node-internals.ts';
import type { InFlight, Traffic } from './traffic.ts';

const CHECK_EVERY_MS = 25;
const REPORT_EVERY_MS = 500;
const CHECK_IDLE_EVERY_MS = 250;
/** Of a primary that does not say it. */
const DEFAULT_DRAIN_IDLE_MS = 10_000;
/** After this time a connection that never sent a byte is closed. It is Node's default keep-alive timeout. */
const DEFAULT_IDLE_GRACE_MS = 5_000;
/** WebSockets and event streams do not wait for requests that have been running for longer than this in the drain. */
const LONG_REQUEST_MS = 5_000;
/** The signal may be dispatched after the message that it was sent; by now the app's handler has begun. */
const UNREF_AFTER_MS = 500;
/** The largest stream id, which announces a shutdown but still accepts streams in transit. */
const ALL_STREAMS = 2 ** 31 - 1;
/** A close frame from a server: FIN and opcode 8, two bytes of payload, status 1001 "going away" (RFC 6455, 5.5.1). */
const CLOSE_GOING_AWAY = Buffer.from([0x88, 0x02, 0x03, 0xe9]);

/**
 * Called every half second, and immediately when `quiet` changes: it is true while no HTTP connection is open but those with endless
 * answers.
 */
type DrainReport = (quiet: boolean, blockers: DrainBlockers) => void;

/** The other processes that serve for this one. */
interface Others {
  /** As in a `DrainReport`. */
  readonly quiet: boolean;
  addBlockers(own: DrainBlockers): DrainBlockers;
  /** The app was asked to shut down. */
  leave(): void;
}

interface DrainOptions {
  readonly others: Others;
  /** Stops accepting from the sockets that were lent to this worker. */
  readonly acceptNothing: () => void;
  /** Its servers no longer keep the process alive. */
  readonly unrefServers: () => void;
  /** An idle connection is closed this long after its last byte. */
  readonly idleMs: number | undefined;
  readonly report: DrainReport;
}

/** Drains this worker: no request is cut, each response is the last one of its connection, and idle connections end. */
export class Drain {
  readonly #traffic: Traffic;
  readonly #idle: IdleConnections;
  readonly #options: DrainOptions;
  #timer: NodeJS.Timeout | null = null;
  #beganAt = 0;
  #reportedAt = 0;
  #idleCheckedAt = 0;
  #wasQuiet = false;
  readonly #announced = new WeakSet<ServerHttp2Session>();
  /** Event streams and WebSockets that were ended. */
  readonly #ended = new WeakSet<InFlight | Duplex>();
  #leaving: 'no' | 'app' | 'us' = 'no';
  #leftAt = 0;
  /** The app's own handler has run, and may have closed its WebSockets itself. */
  #handlerRan = false;

  constructor(traffic: Traffic, options: DrainOptions) {
    this.#traffic = traffic;
    this.#options = options;
    this.#idle = new IdleConnections(traffic);
  }

  begin(): void {
    if (this.#timer !== null) return;
    this.#beganAt = performance.now();
    this.#options.acceptNothing();
    this.#traffic.servers.onRequest = lastAnswer;
    this.#traffic.onStream = (session) => this.#announce(session);
    for (const [item] of this.#traffic.inFlight()) if ('shouldKeepAlive' in item) lastAnswer(item);
    for (const session of this.#traffic.sessions) {
      if (this.#isBusy(session)) this.#announce(session);
      else session.close();
    }
    this.#timer = setInterval(() => this.#check(), CHECK_EVERY_MS);
    this.#timer.unref();
    this.#check();
  }

  /** Whether the app has been asked to shut down. */
  get leaving(): boolean {
    return this.#leaving !== 'no';
  }

  /**
   * Call this after the app was asked to shut down, or if it has no handler for that.
   * @param exit whether to exit as soon as nothing is open.
   */
  leave(exit: boolean): void {
    this.begin();
    if (this.#leaving !== 'no') return;
    this.#leaving = exit ? 'us' : 'app';
    this.#leftAt = performance.now();
    this.#options.others.leave();
    setImmediate(() => {
      this.#handlerRan = true;
      this.#check();
    });
    // A handler that ends nothing leaves an event loop with nothing to do, which then ends the process.
    setTimeout(() => this.#options.unrefServers(), UNREF_AFTER_MS).unref();
  }

  #check(): void {
    const own = this.#traffic.blockers();
    const { others } = this.#options;
    const now = performance.now();
    this.#closeIdleConnections(now);
    this.#closeIdleSessions(now);
    const { ordinary, endless, areLong } = this.#answers(now);
    if (this.#handlerRan || areLong) this.#endStreams(endless);
    const carriers = new Set(endless.map((item) => ('session' in item ? item.session : item.req.socket)));
    const quiet = ordinary === 0 && own.connections <= carriers.size && others.quiet;
    const blockers = others.addBlockers(own);
    if (quiet !== this.#wasQuiet || now - this.#reportedAt >= REPORT_EVERY_MS) {
      this.#wasQuiet = quiet;
      this.#reportedAt = now;
      this.#options.report(quiet, blockers);
    }
    const hasStreams = endless.length > 0 || blockers.connections > own.connections;
    const streamsEnded = !hasStreams || now - this.#leftAt > STREAM_GRACE_MS;
    if (this.#leaving === 'us' && quiet && streamsEnded && blockers.websockets + blockers.sockets === 0) process.exit();
  }

  /** Answers in progress; `areLong` if there are ordinary ones, all of which have been running for long. */
  #answers(now: number): { readonly ordinary: number; readonly endless: InFlight[]; readonly areLong: boolean } {
    const endless: InFlight[] = [];
    let ordinary = 0;
    let youngestMs = Number.POSITIVE_INFINITY;
    for (const [item, beganAt] of this.#traffic.inFlight()) {
      if (answerKind(item, now - beganAt) !== 'ordinary') {
        endless.push(item);
        continue;
      }
      ordinary++;
      youngestMs = Math.min(youngestMs, now - Math.max(beganAt, this.#beganAt));
    }
    return { ordinary, endless, areLong: ordinary > 0 && youngestMs >= LONG_REQUEST_MS };
  }

  /** Their clients reconnect, and reach another worker. */
  #endStreams(endless: readonly InFlight[]): void {
    for (const item of endless) {
      if (this.#ended.has(item) || answerKind(item, 0) !== 'event-stream') continue;
      this.#ended.add(item);
      endEventStream(item);
    }
    for (const socket of this.#traffic.websockets) {
      if (this.#ended.has(socket)) continue;
      this.#ended.add(socket);
      closeWebSocket(socket);
    }
  }

  /**
   * Graceful shutdown as in RFC 9113, 6.8: announce it, wait for one round trip, then name the last stream and close. Without an
   * open stream nghttp2 reads nothing after the announcement, so idle sessions are closed immediately instead. A stream in
   * transit is then refused as unprocessed, so the client can safely send it again elsewhere.
   */
  #announce(session: ServerHttp2Session): void {
    if (this.#announced.has(session) || session.destroyed || session.closed) return;
    this.#announced.add(session);
    try {
      session.goaway(0, ALL_STREAMS);
      session.ping(() => session.close());
    } catch {
      session.close();
    }
  }

  /** Closes idle sessions, but gives new ones time for their first stream. */
  #closeIdleSessions(now: number): void {
    for (const session of this.#traffic.sessions) {
      const due = this.#announced.has(session) || now - this.#beganAt > DEFAULT_IDLE_GRACE_MS;
      if (due && !session.closed && !this.#isBusy(session)) session.close();
    }
  }

  #isBusy(session: ServerHttp2Session): boolean {
    for (const [item] of this.#traffic.inFlight()) if ('session' in item && item.session === session) return true;
    return false;
  }

  /**
   * Closes idle connections, and earlier those that never sent a byte, as some clients open them in advance: no request is lost with
   * them. After the app was asked to shut down, every idle connection is closed.
   */
  #closeIdleConnections(now: number): void {
    if (now - this.#idleCheckedAt < CHECK_IDLE_EVERY_MS) return;
    this.#idleCheckedAt = now;
    this.#idle.close(this.leaving ? 0 : (this.#options.idleMs ?? DEFAULT_DRAIN_IDLE_MS), this.#beganAt);
    for (const socket of this.#traffic.silentSockets()) if (now - this.#beganAt > idleGrace(socket.server)) socket.end();
  }
}

function idleGrace(server: AnyServer | undefined): number {
  const own = server?.keepAliveTimeout ?? 0;
  return own > 0 ? Math.min(own, DEFAULT_IDLE_GRACE_MS) : DEFAULT_IDLE_GRACE_MS;
}

function closeWebSocket(socket: Duplex): void {
  if (socket.destroyed || !socket.writable) return;
  socket.write(CLOSE_GOING_AWAY);
  setTimeout(() => socket.destroy(), STREAM_GRACE_MS).unref();
}
