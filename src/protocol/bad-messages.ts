import type { EmitEvent, Where } from './event.ts';

const PERIOD_MS = 60_000;
/** Maximum number of reports per minute, because an app may send anything. */
const MAX_REPORTS = 20;

/** What is wrong with a message, and where. */
export interface Problem {
  readonly path: string;
  readonly message: string;
}

/** Reports malformed messages, at most once a minute for each sender and field. */
export class BadMessages {
  readonly #event: EmitEvent;
  readonly #now: () => number;
  readonly #reported = new Set<string>();
  #since = -Infinity;

  constructor(event: EmitEvent, now: () => number) {
    this.#event = event;
    this.#now = now;
  }

  report(from: string, { path, message }: Problem, worker?: Where): void {
    if (this.#now() - this.#since >= PERIOD_MS) {
      this.#since = this.#now();
      this.#reported.clear();
    }
    const subject = `${from} ${path}`;
    if (this.#reported.has(subject) || this.#reported.size >= MAX_REPORTS) return;
    this.#reported.add(subject);
    this.#event('bad-message', `malformed message from ${from}, ignored: ${message}`, worker, { from, field: path });
  }
}
