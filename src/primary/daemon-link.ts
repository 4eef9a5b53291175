import { CHECK_MS } from '../lifecycle/liveness.ts';
import { DOOR_DESCRIPTOR, type FromPrimary, type PrimarySettings, type ToPrimary } from '../protocol/attach.ts';
import { asLbError } from '../protocol/checked.ts';
import { ndjson, ndjsonReader } from '../protocol/ndjson.ts';
import { appName } from '../protocol/parse-app-spec.ts';
import { bringsHandle, brought, type Brought, type OutputPipe } from '../protocol/parse-handles.ts';
import { parseToPrimary } from '../protocol/parse-to-primary.ts';
import { attempt, integer, Malformed, object } from '../protocol/parser.ts';
import { now } from '../system/clock.ts';
import { discardHandle } from '../system/discard-handle.ts';
import { acceptChannels, HandleChannel } from '../system/handle-channel.ts';
import type { KeptProgram } from '../system/kept-program.ts';
import { homePaths } from '../system/paths.ts';
import { mainThreadOf } from '../system/processes.ts';
import { killDaemon, runningDaemon } from '../system/running-daemon.ts';
import { spawnDaemon } from '../system/spawn-daemon.ts';
import { DaemonWatch, type DaemonPorts } from './daemon-watch.ts';

const REDIAL_FIRST_MS = 50;
const REDIAL_CAP_MS = 250;
/** A daemon that is missing for this long is replaced by whoever misses it; if the new one does not come up, others follow more slowly. */
const MISSING_MS = 1_000;
const MISSING_AGAIN_MS = 3_000;
const SPAWN_JITTER_MS = 300;
/** A daemon that takes longer to accept this primary is asked again. */
const WELCOME_WITHIN_MS = 5_000;
/** Messages that can be left out (log lines) are, when this much is unsent. */
const BUSY_BYTES = 1024 * 1024;
/** Events that wait for a daemon that is away; the newest. */
const KEPT_EVENTS = 500;

export interface LinkEvents {
  /** @param proof the descriptor at which this process holds the handle of the challenge */
  hello(proof: number | null): FromPrimary;
  /** A daemon has accepted this primary. */
  attached(): void;
  received(message: ToPrimary, brought: Brought): void;
  /** It sent something that is malformed, and was ignored. */
  malformed(problem: Malformed): void;
  /** The daemon went away; a foreground app ends then. */
  lost(): void;
  /** The system refuses to start another one. It is tried again. */
  unstarted(error: unknown): void;
}

const orderHead = object<{ readonly id: number; readonly app: string }>({ id: integer(1), app: appName });

/** The connection to the daemon. Redials for ever; daemon restart, crash and upgrade are this one code path. */
export class DaemonLink {
  readonly #settings: PrimarySettings;
  readonly #program: Pick<KeptProgram, 'path'>;
  readonly #events: LinkEvents;
  readonly #unsent: FromPrimary[] = [];
  /** Of a daemon that has accepted this primary. */
  #channel: HandleChannel | null = null;
  readonly #watch: DaemonWatch;
  #missingSince = now();
  #missingMs = MISSING_MS;
  #delayMs = REDIAL_FIRST_MS;
  #closed = false;
  #spawnJitterMs = Math.random() * SPAWN_JITTER_MS;

  constructor(settings: PrimarySettings, events: LinkEvents, program: Pick<KeptProgram, 'path'>, daemon = daemonOf(settings.home)) {
    this.#settings = settings;
    this.#program = program;
    this.#events = events;
    this.#watch = new DaemonWatch({
      ports: daemon,
      ping: () => this.send({ type: 'ping' }),
      killed: (why) => this.#spawnDaemon(`the daemon hung and was killed: ${why}`),
    });
  }

  /** A daemon has accepted this primary. */
  get attached(): boolean {
    return this.#channel !== null;
  }

  /** Too much is unsent for messages that can be left out. */
  get busy(): boolean {
    return this.#channel === null || this.#channel.unsentBytes > BUSY_BYTES;
  }

  /** While the daemon is away events wait for it, and everything else is of no use to the next one. */
  send(message: FromPrimary, handle?: object): void {
    if (this.#channel !== null) this.#channel.write(ndjson(message), handle);
    else if (message.type === 'event') {
      this.#unsent.push(message);
      if (this.#unsent.length > KEPT_EVENTS) this.#unsent.shift();
    }
  }

  /** Sends everything that was written, then ends. */
  close(): Promise<void> {
    this.#closed = true;
    const channel = this.#channel;
    if (channel === null) return Promise.resolve();
    return new Promise((resolve) => {
      channel.onClose(() => resolve());
      channel.end();
      setTimeout(() => channel.destroy(), 1_000).unref();
    });
  }

  /** Dials the daemon, or waits for those that dial the socket that this process inherited. */
  dial(): void {
    if (this.#settings.user === undefined) this.#dialDaemon();
    else acceptChannels(DOOR_DESCRIPTOR, (channel) => this.#greet(channel));
  }

  /** The next daemon may listen elsewhere. */
  #dialDaemon(): void {
    this.#greet(HandleChannel.connect(homePaths(this.#settings.home).attach));
  }

  #greet(channel: HandleChannel): void {
    const greeting = new Greeting();
    const deadline = setTimeout(() => channel.destroy(), WELCOME_WITHIN_MS);
    const checks = setInterval(() => this.#missed(true), CHECK_MS);
    const end = (): void => {
      clearTimeout(deadline);
      clearInterval(checks);
      greeting.end();
    };
    const accept = (): void => {
      end();
      this.#attached(channel);
    };
    const read = ndjsonReader(
      (message) => {
        const [parsed, handles] = this.#parse(message, channel);
        this.#watch.heard(parsed?.type === 'pong');
        if (parsed?.type === 'challenge') channel.write(ndjson(this.#events.hello(greeting.begin(handles.pipe))));
        else if (parsed?.type === 'welcome') accept();
        else if (parsed !== null) this.#events.received(parsed, handles);
      },
      (problem) => {
        this.#events.malformed(problem);
        channel.destroy();
      },
    );
    channel.onData(read);
    channel.onClose(() => {
      end();
      if (this.#channel === channel) this.#detached();
      else this.#redial();
    });
  }

  #attached(channel: HandleChannel): void {
    if (this.#closed) return channel.destroy();
    const before = this.#channel;
    this.#channel = channel;
    // One daemon takes over from another, and this primary has not seen yet that the other one left.
    if (before !== null) {
      before.destroy();
      this.#events.lost();
    }
    this.#delayMs = REDIAL_FIRST_MS;
    this.#missingMs = MISSING_MS;
    this.#events.attached();
    if (this.#startsDaemons) this.#watch.begin();
    for (const event of this.#unsent.splice(0)) this.send(event);
  }

  /** An order that cannot be read is answered too. */
  #parse(value: unknown, channel: HandleChannel): readonly [ToPrimary | null, Brought] {
    const handle = bringsHandle(value) ? channel.takeHandle() : null;
    const parsed = attempt((): readonly [ToPrimary, Brought] => {
      const message = parseToPrimary(value);
      return [message, brought(message, handle)];
    });
    if (!(parsed instanceof Malformed)) return parsed;
    discardHandle(handle);
    this.#events.malformed(parsed);
    const order = attempt(() => orderHead(value));
    if (!(order instanceof Malformed)) this.send({ type: 'failed', id: order.id, app: order.app, error: asLbError('order', parsed).toRecord() });
    return [null, { socket: null, pipe: null }];
  }

  #detached(): void {
    this.#channel = null;
    this.#missingSince = now();
    this.#watch.end();
    if (this.#closed) return;
    this.#events.lost();
    this.#redial();
  }

  /** In the foreground, apps end with their daemon; and another user cannot start the daemon of root. */
  get #startsDaemons(): boolean {
    return !this.#settings.foreground && this.#settings.user === undefined;
  }

  #spawnDaemon(because: string): void {
    const { home, daemonLog, daemonNode } = this.#settings;
    this.#missingSince = now();
    this.#missingMs = MISSING_AGAIN_MS;
    try {
      spawnDaemon({ program: this.#program.path('daemon'), home, logFile: daemonLog, node: daemonNode, because }).on('error', (error) =>
        this.#events.unstarted(error),
      );
    } catch (error) {
      this.#events.unstarted(error);
    }
  }

  #redial(): void {
    if (this.#closed || this.#settings.user !== undefined) return;
    // Before anything that may fail: a primary that does not dial is lost.
    setTimeout(() => this.#dialDaemon(), this.#delayMs);
    this.#delayMs = Math.min(this.#delayMs * 2, REDIAL_CAP_MS);
    if (now() - this.#missingSince > this.#missingMs + this.#spawnJitterMs) this.#missed(false);
  }

  /** @param isSilent a daemon took the connection and has not answered since the last check */
  #missed(isSilent: boolean): void {
    if (!this.#startsDaemons) return;
    const { state, why } = this.#watch.missed(isSilent);
    // While it holds a connection, that ends by itself.
    if (state === 'absent' && !isSilent) return this.#spawnDaemon('the daemon was gone');
    if (state === 'killed') return this.#spawnDaemon(`the daemon hung and was killed: ${why}`);
    this.#missingSince = now();
    this.#missingMs = CHECK_MS;
  }
}

const daemonOf = (home: string): DaemonPorts => ({
  find: () => runningDaemon(homePaths(home)),
  threadOf: mainThreadOf,
  kill: (daemon) => killDaemon(homePaths(home), daemon),
});

/** While a daemon decides whether to accept this primary. */
class Greeting {
  #challenge: OutputPipe | null = null;

  /** @returns the descriptor at which the daemon finds the handle in this process */
  begin(challenge: OutputPipe | null): number | null {
    this.end();
    this.#challenge = challenge;
    const descriptor: unknown = challenge === null ? null : Reflect.get(challenge, 'fd');
    return typeof descriptor === 'number' && descriptor >= 0 ? descriptor : null;
  }

  end(): void {
    this.#challenge?.close();
    this.#challenge = null;
  }
}
