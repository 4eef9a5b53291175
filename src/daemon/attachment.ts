import type { Socket } from 'node:net';
import { completeSpec } from '../config/spec-settings.ts';
import { LbError, type ErrorRecord } from '../errors/lb-error.ts';
import type { Answer, FromPrimary, Order } from '../protocol/attach.ts';
import { asLbError } from '../protocol/checked.ts';
import type { ProgressRecord } from '../protocol/control.ts';
import { ndjson, ndjsonReader } from '../protocol/ndjson.ts';
import { fromPrimaryParser } from '../protocol/parse-from-primary.ts';
import { attempt, Malformed } from '../protocol/parser.ts';

/** How often `look` is to be called. */
export const LOOK_EVERY_MS = 5_000;
/** A primary that has said nothing for that time, nor after this many pings in a row, is hung. */
const PINGS_MISSED = 3;

const parse = fromPrimaryParser(completeSpec);

export type PrimaryHello = Extract<FromPrimary, { type: 'hello' }>;
export type ProgressListener = (record: ProgressRecord) => void;

export interface AttachmentEvents {
  hello(attachment: Attachment, hello: PrimaryHello): void;
  /** Everything that is neither hello, pong nor part of an order's answer. */
  received(message: Extract<FromPrimary, { type: 'event' | 'redefined' | 'log' | 'stats' | 'ended' }>): void;
  /** It sent something that is malformed, and was ignored. Before its hello, the connection is closed. */
  malformed(problem: Malformed, from: string): void;
  hung(): void;
  closed(): void;
}

interface Pending {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: LbError) => void;
  readonly onProgress: ProgressListener | undefined;
  readonly onAnswer: (() => void) | undefined;
}

/** The daemon's end of the connection with one primary: orders out, exactly one answer to each back. */
export class Attachment {
  events: AttachmentEvents;
  readonly #socket: Socket;
  readonly #pending = new Map<number, Pending>();
  #nextId = 1;
  #unanswered = 0;
  /** Null before its hello. */
  #app: string | null = null;
  /** Since the last look; then there is no need to ask whether it lives. */
  #heard = false;

  constructor(socket: Socket, events: AttachmentEvents) {
    this.#socket = socket;
    this.events = events;
    const read = ndjsonReader(
      (message) => this.#read(message),
      (problem) => this.#refuse(problem, null),
    );
    socket.on('data', read);
    socket.on('error', () => {});
    // An HTTP server's sockets stay half open by default.
    socket.once('end', () => socket.end());
    socket.once('close', () => this.#closed());
  }

  /**
   * @param onAnswer called between the messages that came before the answer and those that come after it.
   * @throws LbError what the primary answered, or LB_ERR_PRIMARY_LOST when it went away before it could.
   */
  order(order: Order, onProgress?: ProgressListener, onAnswer?: () => void): Promise<Answer> {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      if (this.#socket.destroyed) {
        reject(new LbError('LB_ERR_PRIMARY_LOST', { app: '', reason: 'it is not connected' }));
        return;
      }
      this.#pending.set(id, { resolve, reject, onProgress, onAnswer });
      this.#socket.write(ndjson({ type: 'order', id, order }));
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  /** Asks a primary that has been silent since the last look whether it lives; to be called every `LOOK_EVERY_MS`. */
  look(): void {
    if (this.#heard) {
      this.#heard = false;
      this.#unanswered = 0;
      return;
    }
    if (this.#unanswered >= PINGS_MISSED) return this.events.hung();
    this.#unanswered++;
    this.#socket.write(ndjson({ type: 'ping', seq: this.#unanswered }));
  }

  #read(value: unknown): void {
    if (this.#socket.destroyed) return;
    this.#heard = true;
    const message = attempt(() => parse(value, this.#app));
    if (!(message instanceof Malformed)) return this.#received(message);
    if (this.#app === null) return this.#refuse(message, value);
    this.events.malformed(message, this.#app);
    this.#failOrder(value, message);
  }

  /** There is nothing to be had of this connection. */
  #refuse(problem: Malformed, value: unknown): void {
    this.events.malformed(problem, nameOf(value));
    this.#socket.destroy();
  }

  /** Its answer cannot be read, and no other will come. */
  #failOrder(value: unknown, problem: Malformed): void {
    const { type, id } = (value ?? {}) as { readonly type?: unknown; readonly id?: unknown };
    if (typeof id !== 'number' || type === 'progress') return;
    this.#settle(id, ({ reject }) => reject(asLbError('answer from the primary', problem)));
  }

  #received(message: FromPrimary): void {
    switch (message.type) {
      case 'hello':
        this.#app = message.app;
        return this.events.hello(this, message);
      case 'pong':
        return;
      case 'progress':
        return this.#pending.get(message.id)?.onProgress?.(message.record);
      case 'answer':
        return this.#settle(message.id, ({ resolve, onAnswer }) => {
          onAnswer?.();
          resolve(message.answer);
        });
      case 'failed':
        return this.#settle(message.id, ({ reject }) => reject(errorFromRecord(message.error)));
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
    const error = new LbError('LB_ERR_PRIMARY_LOST', { app: '', reason: 'it ended or was killed' });
    for (const pending of this.#pending.values()) pending.reject(error);
    this.#pending.clear();
    this.events.closed();
  }
}

/** What a primary that is not known says it is. */
function nameOf(value: unknown): string {
  const { app, pid } = (value ?? {}) as { readonly app?: unknown; readonly pid?: unknown };
  return typeof app === 'string' ? `a primary that says it is ${JSON.stringify(app.slice(0, 64))} (pid ${Number(pid)})` : 'an unknown primary';
}

function errorFromRecord(record: ErrorRecord): LbError {
  return new LbError(record.code, record.details ?? { reason: record.message }, record.output);
}
