import type { EmitEvent, Where } from './event.ts';

const AGAIN_MS = 60_000;
/** Maximum number of reports per minute, because an app may send anything. */
const MOST = 20;

/** What is wrong with a message, and where. */
export interface Problem {
  readonly path: string;
  readonly message: string;
}

/** Reports malformed messages, at most once a minute for each sender and field. */
export class BadMessages {
  readonly #event: EmitEvent;
  readonly #now: () => number;
  readonly #told = new Set<string>();
  #since = -Infinity;

  constructor(event: EmitEvent, now: () => number) {
    this.#event = event;
    this.#now = now;
  }

  report(from: string, { path, message }: Problem, worker?: Where): void {
    if (this.#now() - this.#since >= AGAIN_MS) {
      this.#since = this.#now();
      this.#told.clear();
    }
    const subject = `${from} ${path}`;
    if (this.#told.has(subject) || this.#told.size >= MOST) return;
    this.#told.add(subject);
    this.#event('bad-message', `malformed message from ${from}, ignored: ${message}`, worker, { from, field: path });
  }
}
