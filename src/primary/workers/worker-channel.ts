import type { Readable } from 'node:stream';
import { parseFromWorker } from '../../protocol/parse-from-worker.ts';
import { attempt, isObject, Malformed } from '../../protocol/parser.ts';
import { MARK, type FromWorker, type ToWorker, type Unmarked } from '../../protocol/worker.ts';
import { discardHandle } from '../../system/discard-handle.ts';
import type { SentHandle, WorkerProcess, WorkerProcessEvents } from './worker-process.ts';

export interface ChannelEvents extends Omit<WorkerProcessEvents, 'control'> {
  received(message: FromWorker, handle: unknown): void;
  /** What came is malformed. An app can write to this channel too. */
  malformed(problem: Malformed): void;
}

/** The control channel to one worker: sends typed messages, and parses those it receives. */
export class WorkerChannel {
  readonly #process: WorkerProcess;

  constructor(start: (events: WorkerProcessEvents) => WorkerProcess, events: ChannelEvents) {
    this.#process = start({ ...events, control: (message, handle) => receive(message, handle, events) });
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** See `WorkerProcess`. */
  get countsTree(): boolean {
    return this.#process.countsTree;
  }

  /** See `WorkerProcess`. */
  get readyBy(): string | null {
    return this.#process.readyBy;
  }

  /** See `WorkerProcess`. */
  get takesConnections(): boolean {
    return this.#process.takesConnections;
  }

  get stdout(): Readable | null {
    return this.#process.stdout;
  }

  get stderr(): Readable | null {
    return this.#process.stderr;
  }

  /** Whether the channel is open. */
  get connected(): boolean {
    return this.#process.connected;
  }

  post(message: Unmarked<ToWorker>): void {
    this.#process.control({ cmd: MARK, ...message });
  }

  postHandle(message: Unmarked<ToWorker>, handle: object, sent: SentHandle): void {
    this.#process.controlWithHandle({ cmd: MARK, ...message }, handle, sent);
  }

  /** Sends a message to the app itself. @param sent called when it is out, or cannot be sent */
  say(message: unknown, sent: () => void = () => {}): void {
    this.#process.message(message, sent);
  }

  signal(signal: NodeJS.Signals): void {
    this.#process.signal(signal);
  }

  /** Kills the worker and its descendants with SIGKILL, except those that outlive it. */
  kill(): void {
    this.#process.kill();
  }
}

function receive(raw: unknown, handle: unknown, events: ChannelEvents): void {
  if (!isObject(raw) || raw['cmd'] !== MARK) return;
  const message = attempt(() => parseFromWorker(raw, handle));
  if (!(message instanceof Malformed)) return events.received(message, handle);
  discardHandle(handle);
  events.malformed(message);
}
