import type { Readable } from 'node:stream';
import { MARK, type FromWorker, type ToWorker } from '../../protocol/worker.ts';
import type { SentHandle, WorkerProcess, WorkerProcessEvents } from './worker-process.ts';

/** A message without the mark that identifies it as ours. */
export type Body<M> = M extends unknown ? Omit<M, 'cmd'> : never;

export interface ChannelEvents extends Omit<WorkerProcessEvents, 'control'> {
  received(message: FromWorker, handle: unknown): void;
}

/** The control channel to one worker: sends typed messages, and passes on those with our mark. */
export class WorkerChannel {
  readonly #process: WorkerProcess;

  constructor(start: (events: WorkerProcessEvents) => WorkerProcess, events: ChannelEvents) {
    this.#process = start({ ...events, control: (message, handle) => receive(message, handle, events) });
  }

  get pid(): number {
    return this.#process.pid;
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

  post(message: Body<ToWorker>): void {
    this.#process.control({ cmd: MARK, ...message });
  }

  postHandle(message: Body<ToWorker>, handle: object, sent: SentHandle): void {
    this.#process.controlWithHandle({ cmd: MARK, ...message }, handle, sent);
  }

  /** Sends a message to the app itself. */
  say(message: string): void {
    this.#process.message(message);
  }

  signal(signal: NodeJS.Signals): void {
    this.#process.signal(signal);
  }

  /** Kills the worker and its descendants with SIGKILL. */
  kill(): void {
    this.#process.kill();
  }
}

function receive(raw: unknown, handle: unknown, events: ChannelEvents): void {
  if ((raw as { cmd?: unknown } | null)?.cmd !== MARK) return;
  events.received(raw as FromWorker, handle);
}
