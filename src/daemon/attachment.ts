import { completeSpec } from '../config/spec-settings.ts';
import { LbError } from '../errors/lb-error.ts';
import type { Answer, FromPrimary, HandleMessage, Order, SocketId, ToPrimary } from '../protocol/attach.ts';
import { asLbError } from '../protocol/checked.ts';
import type { ProgressRecord } from '../protocol/control.ts';
import { ndjson, ndjsonReader } from '../protocol/ndjson.ts';
import { fromPrimaryParser } from '../protocol/parse-from-primary.ts';
import { bringsHandle, brought, isAboutHandle, socketId, type Brought } from '../protocol/parse-handles.ts';
import { attempt, integer, Malformed, object, string } from '../protocol/parser.ts';
import { discardHandle } from '../system/discard-handle.ts';
import type { HandleChannel } from '../system/handle-channel.ts';
import type { KeptSocket } from './kept-sockets.ts';

const parse = fromPrimaryParser(completeSpec);
const messageHead = object<{ readonly type: string; readonly id: number }>({ type: string, id: integer(1) });
const claimedPrimary = object<{ readonly name: string; readonly pid: number }>({ name: string, pid: integer(1) });

export type PrimaryHello = Extract<FromPrimary, { type: 'hello' }>;
export type ProgressListener = (record: ProgressRecord) => void;
/** What a primary reports on its own about one of its apps: neither part of the answer to an order. */
export type Report = Extract<FromPrimary, { type: 'event' | 'redefined' | 'log' | 'stats' | 'ended' }>;

export interface AttachmentEvents {
  hello(attachment: Attachment, hello: PrimaryHello): void;
  received(report: Report): void;
  /** It gives a handle to keep, or no longer needs one kept. */
  handles(message: HandleMessage, brought: Brought): void;
  /** It sent something malformed, which was ignored. Before its hello, the connection is closed. */
  malformed(problem: Malformed, from: string): void;
  hung(why: string): void;
  closed(): void;
}

interface Pending {
  readonly app: string;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: LbError) => void;
  readonly onProgress: ProgressListener | undefined;
  readonly onAnswer: (() => void) | undefined;
}

/** The daemon's end of the connection with one primary: orders out, exactly one answer to each back. */
export class Attachment {
  events: AttachmentEvents;
  readonly #channel: Pick<HandleChannel, keyof HandleChannel>;
  readonly #pending = new Map<number, Pending>();
  #nextId = 1;
  #pings = 0;
  /** The primary's; null before its hello. */
  #name: string | null = null;
  #primary: Pick<PrimaryHello, 'pid' | 'startTime'> | null = null;
  #heard = false;

  constructor(channel: Pick<HandleChannel, keyof HandleChannel>, events: AttachmentEvents) {
    this.#channel = channel;
    this.events = events;
    const read = ndjsonReader(
      (message) => this.#read(message),
      (problem) => this.#refuse(problem, null),
    );
    channel.onData(read);
    channel.onClose(() => this.#closed());
  }

  /** @param token what its hello must show; without one, it is believed */
  challenge(token: object | undefined): void {
    this.#send({ type: 'challenge' }, token);
  }

  /** Its hello is accepted. */
  welcome(): void {
    this.#send({ type: 'welcome' });
  }

  /** Gives it a duplicate; ours stays open. */
  keep({ app, key, name, handle }: KeptSocket): void {
    this.#send({ type: 'keep', app, key, name }, handle);
  }

  /** No duplicate of this socket is kept. */
  dropped({ app, key }: SocketId): void {
    this.#send({ type: 'dropped', app, key });
  }

  /** The port was not opened. */
  unbound({ app, key }: SocketId, errno: number): void {
    this.#send({ type: 'unbound', app, key, errno });
  }

  /**
   * @param onAnswer called between the messages that came before the answer and those that come after it.
   * @throws LbError what the primary answered, or LB_ERR_PRIMARY_LOST when it went away before it could.
   */
  order(app: string, order: Order, onProgress?: ProgressListener, onAnswer?: () => void): Promise<Answer> {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      if (this.#channel.closed) {
        reject(new LbError('LB_ERR_PRIMARY_LOST', { app, reason: 'it is not connected' }));
        return;
      }
      this.#pending.set(id, { app, resolve, reject, onProgress, onAnswer });
      this.#send({ type: 'order', id, app, order });
    });
  }

  close(): void {
    this.#channel.destroy();
  }

  /** The primary is not needed: it drains its apps and exits. What it still sends is ignored. */
  leave(): void {
    this.events = IGNORED;
    this.#send({ type: 'leave' });
  }

  /** The process, as it says; null before its hello. */
  get primary(): Pick<PrimaryHello, 'pid' | 'startTime'> | null {
    return this.#primary;
  }

  /** Whether it has sent something since this was last asked. */
  heard(): boolean {
    const heard = this.#heard;
    this.#heard = false;
    return heard;
  }

  /** Asks for a sign of life. */
  ping(): void {
    this.#send({ type: 'ping', seq: ++this.#pings });
  }

  #send(message: ToPrimary, handle?: object): void {
    this.#channel.write(ndjson(message), handle);
  }

  #read(value: unknown): void {
    if (this.#channel.closed) return;
    this.#heard = true;
    const handle = bringsHandle(value) ? this.#channel.takeHandle() : null;
    const parsed = attempt((): readonly [FromPrimary, Brought] => {
      const message = this.#parse(value);
      return [message, brought(message, handle)];
    });
    if (!(parsed instanceof Malformed)) return this.#received(...parsed);
    discardHandle(handle);
    if (this.#name === null) return this.#refuse(parsed, value);
    this.events.malformed(parsed, this.#name);
    this.#failOrder(value, parsed);
    this.#failKeep(value);
  }

  /** @throws Malformed */
  #parse(value: unknown): FromPrimary {
    const message = parse(value);
    if (this.#name === null && message.type !== 'hello') throw new Malformed('"hello"', message.type).within('type');
    const pending = 'id' in message ? this.#pending.get(message.id) : undefined;
    if (pending !== undefined && 'app' in message && message.app !== pending.app) throw new Malformed(JSON.stringify(pending.app), message.app).within('app');
    return message;
  }

  /** A connection that did not begin with a hello, or is not NDJSON. */
  #refuse(problem: Malformed, value: unknown): void {
    this.events.malformed(problem, senderOf(value));
    this.#channel.destroy();
  }

  /** Its answer cannot be read, and no other will come. */
  #failOrder(value: unknown, problem: Malformed): void {
    const head = attempt(() => messageHead(value));
    if (head instanceof Malformed || head.type === 'progress') return;
    this.#settle(head.id, ({ reject }) => reject(asLbError('answer from the primary', problem)));
  }

  /** It must not count on what came without its handle. */
  #failKeep(value: unknown): void {
    const id = bringsHandle(value) ? attempt(() => socketId(value)) : null;
    if (id !== null && !(id instanceof Malformed)) this.dropped(id);
  }

  #received(message: FromPrimary, handles: Brought): void {
    if (isAboutHandle(message)) return this.events.handles(message, handles);
    switch (message.type) {
      case 'hello':
        this.#name = message.name;
        this.#primary = message;
        return this.events.hello(this, message);
      case 'pong':
        return;
      case 'ping':
        return this.#send({ type: 'pong' });
      case 'progress':
        return this.#pending.get(message.id)?.onProgress?.(message.record);
      case 'answer':
        return this.#settle(message.id, ({ resolve, onAnswer }) => {
          onAnswer?.();
          resolve(message.answer);
        });
      case 'failed':
        return this.#settle(message.id, ({ reject }) => reject(LbError.fromRecord(message.error)));
      case 'event':
      case 'redefined':
      case 'log':
      case 'stats':
      case 'ended':
        return this.events.received(message);
    }
  }

  #settle(id: number, settle: (pending: Pending) => void): void {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    if (pending !== undefined) settle(pending);
  }

  #closed(): void {
    for (const { app, reject } of this.#pending.values()) reject(new LbError('LB_ERR_PRIMARY_LOST', { app, reason: 'it ended or was killed' }));
    this.#pending.clear();
    this.events.closed();
  }
}

const IGNORED: AttachmentEvents = {
  hello: () => {},
  received: () => {},
  handles: (_, { socket, pipe }) => {
    for (const handle of [socket, pipe]) discardHandle(handle);
  },
  malformed: () => {},
  hung: () => {},
  closed: () => {},
};

/** Who an unknown sender says it is. */
export function senderOf(value: unknown): string {
  const claimed = attempt(() => claimedPrimary(value));
  return claimed instanceof Malformed ? 'an unknown primary' : `a primary that says it is ${JSON.stringify(claimed.name.slice(0, 64))} (pid ${claimed.pid})`;
}
