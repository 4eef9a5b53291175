import type { OpenCount } from '../protocol/worker.ts';

const SOON_MS = 10;
/** While the count does not change, the interval doubles up to this. */
const LATEST_MS = 160;

/**
 * Reports the number of open connections to the primary soon after it changes, with one message for all changes within 10 ms.
 * The count is polled, because the servers count their connections anyway. Without connections no timer runs.
 */
export class OpenCounter {
  readonly #count: () => OpenCount;
  readonly #send: (count: OpenCount) => void;
  #on = false;
  #timer: NodeJS.Timeout | null = null;
  #intervalMs = SOON_MS;
  #sent: OpenCount = { connections: 0, delivered: 0, accepted: 0 };
  #until = Number.NEGATIVE_INFINITY;

  constructor(count: () => OpenCount, send: (count: OpenCount) => void) {
    this.#count = count;
    this.#send = send;
  }

  turn(on: boolean): void {
    this.#on = on;
    if (on) this.delivered();
  }

  /** As if it were on, for a while. */
  countFor(ms: number): void {
    this.#until = performance.now() + ms;
    this.delivered();
  }

  /** A connection arrived, so the count has to be polled. */
  delivered(): void {
    if (!this.#counts || (this.#timer !== null && this.#intervalMs === SOON_MS)) return;
    this.#arm(SOON_MS);
  }

  get #counts(): boolean {
    return this.#on || performance.now() < this.#until;
  }

  #arm(intervalMs: number): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#intervalMs = intervalMs;
    this.#timer = setTimeout(() => this.#sample(), intervalMs);
    this.#timer.unref();
  }

  #sample(): void {
    this.#timer = null;
    if (!this.#counts) return;
    const count = this.#count();
    const { connections, delivered, accepted } = this.#sent;
    const changed = count.connections !== connections || count.delivered !== delivered || count.accepted !== accepted;
    if (changed) {
      this.#sent = count;
      this.#send(count);
    }
    if (count.connections > 0) this.#arm(changed ? SOON_MS : Math.min(this.#intervalMs * 2, LATEST_MS));
  }
}
