import type { Socket } from 'node:net';
import { LbError, type ErrorRecord } from '../errors/lb-error.ts';
import { isErrorCode } from '../errors/registry.ts';
import type { Answer, FromPrimary, Order } from '../protocol/attach.ts';
import type { ProgressRecord } from '../protocol/control.ts';
import { ndjson, ndjsonReader } from '../protocol/ndjson.ts';

/** How often `look` is to be called. */
export const LOOK_EVERY_MS = 5_000;
/** A primary that has said nothing for that time, nor after this many pings in a row, is hung. */
const PINGS_MISSED = 3;

export type Hello = Extract<FromPrimary, { type: 'hello' }>;
export type ProgressListener = (record: ProgressRecord) => void;

export interface AttachmentEvents {
  hello(attachment: Attachment, hello: Hello): void;
  /** Everything that is neither hello, pong nor part of an order's answer. */
  received(message: Extract<FromPrimary, { type: 'event' | 'redefined' | 'log' | 'stats' | 'ended' }>): void;
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
  /** Since the last look; then there is no need to ask whether it lives. */
  #heard = false;

  constructor(socket: Socket, events: AttachmentEvents) {
    this.#socket = socket;
    this.events = events;
    const read = ndjsonReader(
      (message) => this.#received(message as FromPrimary),
      () => socket.destroy(),
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

  #received(message: FromPrimary): void {
    this.#heard = true;
    switch (message.type) {
      case 'hello':
        return this.events.hello(this, message);
      case 'pong':
        return;
      case 'progress':
        return this.#pending.get(message.id)?.onProgress?.(message.record);
      case 'answer':
        this.#pending.get(message.id)?.onAnswer?.();
        this.#pending.get(message.id)?.resolve(message.answer);
        this.#pending.delete(message.id);
        return;
      case 'failed':
        this.#pending.get(message.id)?.reject(errorFromRecord(message.error));
        this.#pending.delete(message.id);
        return;
      default:
        return this.events.received(message);
    }
  }

  #closed(): void {
    const error = new LbError('LB_ERR_PRIMARY_LOST', { app: '', reason: 'it ended or was killed' });
    for (const pending of this.#pending.values()) pending.reject(error);
    this.#pending.clear();
    this.events.closed();
  }
}

function errorFromRecord(record: ErrorRecord): LbError {
  const code = isErrorCode(record.code) ? record.code : 'LB_ERR_INTERNAL';
  return new LbError(code, record.details ?? { reason: record.message }, record.output);
}
