import type { AppReport } from '../../protocol/attach.ts';
import type { LogLine } from '../../protocol/control.ts';
import type { LogSink } from './log-sink.ts';

const FLUSH_MS = 50;
const MAX_BATCH = 500;
const MAX_BATCH_CHARS = 256 * 1024;

interface LineOutbox {
  /** It takes no more lines now. */
  readonly busy: boolean;
  send(batch: Extract<AppReport, { type: 'log' }>): void;
}

/** Sends log lines to the daemon in batches while a client follows them. A daemon that cannot keep up gets the number of dropped lines instead. */
export class LogFollower {
  readonly #outbox: LineOutbox;
  #logs: LogSink | null = null;
  #on = false;
  #batch: LogLine[] = [];
  #chars = 0;
  #dropped = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(outbox: LineOutbox) {
    this.#outbox = outbox;
  }

  /** Clients may already be following before the app has a log. */
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
      // Their number is told when there is room, also if the app prints nothing more.
      this.#timer = setTimeout(() => this.flush(), FLUSH_MS).unref();
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
