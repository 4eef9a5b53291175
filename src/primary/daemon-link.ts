import { request } from 'node:http';
import type { Socket } from 'node:net';
import { ATTACH_UPGRADE, type FromPrimary, type PrimarySettings, type ToPrimary } from '../protocol/attach.ts';
import { asLbError } from '../protocol/checked.ts';
import { ndjson, ndjsonReader } from '../protocol/ndjson.ts';
import { appName } from '../protocol/parse-app-spec.ts';
import { parseToPrimary } from '../protocol/parse-to-primary.ts';
import { attempt, integer, Malformed, object } from '../protocol/parser.ts';
import { now } from '../system/clock.ts';
import { spawnDaemon } from '../system/spawn-daemon.ts';

const REDIAL_FIRST_MS = 50;
const REDIAL_CAP_MS = 250;
/** A daemon that is missing for this long is replaced by whoever misses it. */
const MISSING_MS = 2_000;
const SPAWN_JITTER_MS = 300;
/** Messages that can be left out (log lines) are, when this much is unsent. */
const BUSY_BYTES = 1024 * 1024;
/** Events that wait for a daemon that is away; the newest. */
const KEPT_EVENTS = 500;

export interface LinkEvents {
  hello(): FromPrimary;
  received(message: ToPrimary): void;
  /** It sent something that is malformed, and was ignored. */
  malformed(problem: Malformed): void;
  /** The daemon went away; a foreground app ends then. */
  lost(): void;
}

const orderHead = object<{ readonly id: number; readonly app: string }>({ id: integer(1), app: appName });

/** The connection to the daemon. Redials for ever; daemon restart, crash and upgrade are this one code path. */
export class DaemonLink {
  readonly #settings: PrimarySettings;
  readonly #events: LinkEvents;
  readonly #unsent: FromPrimary[] = [];
  #socket: Socket | null = null;
  #missingSince = now();
  #delayMs = REDIAL_FIRST_MS;
  #closed = false;
  #spawnJitterMs = Math.random() * SPAWN_JITTER_MS;

  constructor(settings: PrimarySettings, events: LinkEvents) {
    this.#settings = settings;
    this.#events = events;
  }

  /** Too much is unsent for messages that can be left out. */
  get busy(): boolean {
    return this.#socket === null || this.#socket.writableLength > BUSY_BYTES;
  }

  /** While the daemon is away events wait for it, and everything else is of no use to the next one. */
  send(message: FromPrimary): void {
    if (this.#socket !== null) this.#socket.write(ndjson(message));
    else if (message.type === 'event') {
      this.#unsent.push(message);
      if (this.#unsent.length > KEPT_EVENTS) this.#unsent.shift();
    }
  }

  /** Sends everything that was written, then ends. */
  close(): Promise<void> {
    this.#closed = true;
    const socket = this.#socket;
    if (socket === null) return Promise.resolve();
    return new Promise((resolve) => {
      socket.once('close', () => resolve());
      socket.end();
      setTimeout(() => socket.destroy(), 1_000).unref();
    });
  }

  dial(): void {
    const attempt = request({
      socketPath: this.#settings.socket,
      path: '/v1/attach',
      headers: { host: 'lb', connection: 'Upgrade', upgrade: ATTACH_UPGRADE },
    });
    attempt.once('upgrade', (_response, socket: Socket, head) => this.#attached(socket, head));
    attempt.once('response', (response) => {
      response.resume();
      this.#redial();
    });
    attempt.once('error', () => this.#redial());
    attempt.end();
  }

  #attached(socket: Socket, head: Buffer): void {
    this.#socket = socket;
    const read = ndjsonReader(
      (message) => this.#received(message),
      (problem) => {
        this.#events.malformed(problem);
        socket.destroy();
      },
    );
    socket.on('error', () => {});
    socket.once('close', () => this.#detached());
    this.send(this.#events.hello());
    for (const event of this.#unsent.splice(0)) this.send(event);
    if (head.length > 0) read(head);
    socket.on('data', read);
  }

  /** An order that cannot be read is answered too. */
  #received(value: unknown): void {
    // A daemon that sends something has accepted this primary.
    this.#delayMs = REDIAL_FIRST_MS;
    const message = attempt(() => parseToPrimary(value));
    if (!(message instanceof Malformed)) return this.#events.received(message);
    this.#events.malformed(message);
    const order = attempt(() => orderHead(value));
    if (order instanceof Malformed) return;
    this.send({ type: 'failed', id: order.id, app: order.app, error: asLbError('order', message).toRecord() });
  }

  #detached(): void {
    this.#socket = null;
    this.#missingSince = now();
    if (this.#closed) return;
    this.#events.lost();
    this.#redial();
  }

  #spawnDaemon(): void {
    const { daemonProgram, home, daemonLog, daemonNode } = this.#settings;
    spawnDaemon({ program: daemonProgram, home, logFile: daemonLog, node: daemonNode }).on('error', () => {});
  }

  #redial(): void {
    if (this.#closed) return;
    const missingForMs = now() - this.#missingSince;
    if (!this.#settings.foreground && missingForMs > MISSING_MS + this.#spawnJitterMs) {
      this.#missingSince = now();
      this.#spawnDaemon();
    }
    setTimeout(() => this.dial(), this.#delayMs);
    this.#delayMs = Math.min(this.#delayMs * 2, REDIAL_CAP_MS);
  }
}
