import { constants } from 'node:os';
import type { HandleMessage, NamedSocket, OutputOrigin } from '../../protocol/attach.ts';
import type { ListenQuery } from '../../protocol/worker.ts';
import { withDeadline } from '../../system/deadline.ts';
import type { OutputKeeper } from './output-keeper.ts';
import type { RawListener } from './raw-handles.ts';
import type { SocketKeeper } from './socket-keeper.ts';

/** A daemon that hangs does not answer. */
const DROPPED_WITHIN_MS = 500;
const NOT_ALLOWED = -constants.errno.EACCES;
const BOUND_WITHIN_MS = 2_000;

/** The connection to the daemon, as far as handles travel on it. */
export interface HandleLink {
  /** The daemon has accepted this primary. */
  readonly attached: boolean;
  send(message: HandleMessage, handle?: object): void;
}

/** A listening socket of an app. */
export interface HeldSocket extends Omit<NamedSocket, 'app'> {
  readonly handle: RawListener;
}

/** The pipe to which a worker prints. */
export interface HeldOutput {
  readonly origin: OutputOrigin;
  readonly handle: object;
}

/** The daemon's duplicates of one app's sockets and pipes. Each daemon gets them when it accepts the primary. */
export class HandleKeeper implements SocketKeeper, OutputKeeper {
  readonly #app: string;
  readonly #link: HandleLink;
  readonly #mayAsk: boolean;
  readonly #dropping = new Map<string, { readonly done: () => void; readonly dropped: Promise<void> }>();
  readonly #asked = new Map<string, (errno: number) => void>();
  /** Sockets that were given to this daemon; false for one that it could not keep. */
  readonly #kept = new Map<string, boolean>();

  /** @param mayAsk its daemon runs as root, and this process as another user */
  constructor(app: string, link: HandleLink, mayAsk: boolean) {
    this.#app = app;
    this.#mayAsk = mayAsk;
    this.#link = link;
  }

  /** The daemon holds duplicates of all sockets. */
  get complete(): boolean {
    return this.#link.attached && [...this.#kept.values()].every((kept) => kept);
  }

  /** A daemon has accepted this primary: it gets everything. */
  attached(sockets: readonly HeldSocket[], outputs: readonly HeldOutput[]): void {
    this.#kept.clear();
    for (const socket of sockets) this.keep(socket);
    for (const { origin, handle } of outputs) this.keepOutput(origin, handle);
  }

  /** The daemon is gone, and its duplicates with it. */
  detached(): void {
    for (const { done } of [...this.#dropping.values()]) done();
  }

  keep({ key, handle, name }: HeldSocket): void {
    this.#kept.set(key, true);
    this.#send({ type: 'keep', app: this.#app, key, name }, handle);
  }

  drop(key: string): Promise<void> {
    this.#kept.delete(key);
    if (!this.#link.attached) return Promise.resolve();
    const under = this.#dropping.get(key);
    if (under !== undefined) return under.dropped;
    let done = (): void => {};
    const dropped = new Promise<void>((resolve) => (done = resolve));
    const timer = setTimeout(() => done(), DROPPED_WITHIN_MS);
    this.#dropping.set(key, { done, dropped });
    this.#send({ type: 'drop', app: this.#app, key });
    return dropped.finally(() => {
      clearTimeout(timer);
      this.#dropping.delete(key);
    });
  }

  /** The daemon has closed its duplicate, or got none. */
  dropped(key: string): void {
    this.#dropping.get(key)?.done();
    if (this.#kept.has(key)) this.#kept.set(key, false);
  }

  async bind({ key, address, port, addressType, flags }: ListenQuery): Promise<number> {
    if (!this.#mayAsk || !this.#link.attached || port === null || addressType === -1) return NOT_ALLOWED;
    const answered = new Promise<number>((resolve) => this.#asked.set(key, resolve));
    this.#send({ type: 'bind', app: this.#app, key, address, port, addressType, flags });
    return (await withDeadline(answered, BOUND_WITHIN_MS)) ?? NOT_ALLOWED;
  }

  /** The daemon has sent this socket, or says why not. */
  bound(key: string, errno: number): void {
    this.#asked.get(key)?.(errno);
    this.#asked.delete(key);
  }

  keepOutput(origin: OutputOrigin, handle: object): void {
    this.#send({ type: 'keep-output', app: this.#app, origin: plain(origin) }, handle);
  }

  dropOutput(origin: OutputOrigin): void {
    this.#send({ type: 'drop-output', app: this.#app, origin: plain(origin) });
  }

  #send(message: HandleMessage, handle?: object): void {
    if (this.#link.attached) this.#link.send(message, handle);
  }
}

const plain = ({ slot, pid, stream }: OutputOrigin): OutputOrigin => ({ slot, pid, stream });
