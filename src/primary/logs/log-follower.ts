import type { LogLine } from '../../protocol/control.ts';
import type { Outbox } from '../daemon-link.ts';
import type { LogSink } from './log-sink.ts';

const FLUSH_MS = 50;
const MAX_BATCH = 500;
const MAX_BATCH_CHARS = 256 * 1024;

/** Sends the workers' lines to the daemon in batches while somebody follows; a daemon that does not keep up misses lines and is told how many. */
export class LogFollower {
  readonly #outbox: Outbox;
  #logs: LogSink | null = null;
  #on = false;
  #batch: LogLine[] = [];
  #chars = 0;
  #dropped = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(outbox: Outbox) {
    this.#outbox = outbox;
  }

  /** Somebody may follow before there is a log. */
  attach(logs: LogSink): void {
    this.#logs = logs;
    this.follow(this.#on);
  }

  follow(on: boolean): void {
    this.#on = on;
    if (this.#logs !== null) this.#logs.follower = on ? (line) => this.#add(line) : null;
    if (!on) this.#batch = [];
  }

  flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#chars = 0;
    if (this.#batch.length === 0 && this.#dropped === 0) return;
    if (this.#outbox.busy) {
      this.#dropped += this.#batch.length;
      this.#batch = [];
      return;
    }
    this.#outbox.send({ type: 'log', lines: this.#batch, dropped: this.#dropped });
    this.#batch = [];
    this.#dropped = 0;
  }

  #add(line: LogLine): void {
    this.#batch.push(line);
    this.#chars += line.text.length;
    if (this.#batch.length >= MAX_BATCH || this.#chars >= MAX_BATCH_CHARS) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), FLUSH_MS);
  }
}
