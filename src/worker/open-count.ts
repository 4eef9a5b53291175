import type { OpenCount } from '../protocol/worker.ts';

const SOON_MS = 10;
/** Connections that stay open are looked at ever less often. */
const LATEST_MS = 160;

/**
 * Tells the primary how many connections are open soon after the number changed, in one message for all changes of 10 ms.
 * The servers count their connections themselves, so nothing is watched; without any, no timer runs.
 */
export class OpenCounter {
  readonly #count: () => OpenCount;
  readonly #send: (count: OpenCount) => void;
  #on = false;
  #timer: NodeJS.Timeout | null = null;
  #intervalMs = SOON_MS;
  #sent: OpenCount = { connections: 0, delivered: 0 };

  constructor(count: () => OpenCount, send: (count: OpenCount) => void) {
    this.#count = count;
    this.#send = send;
  }

  turn(on: boolean): void {
    this.#on = on;
    if (on) this.delivered();
  }

  /** A connection came in: from now on it may close. */
  delivered(): void {
    if (!this.#on || (this.#timer !== null && this.#intervalMs === SOON_MS)) return;
    this.#arm(SOON_MS);
  }

  #arm(intervalMs: number): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#intervalMs = intervalMs;
    this.#timer = setTimeout(() => this.#sample(), intervalMs);
    this.#timer.unref();
  }

  #sample(): void {
    this.#timer = null;
    if (!this.#on) return;
    const count = this.#count();
    const changed = count.connections !== this.#sent.connections || count.delivered !== this.#sent.delivered;
    if (changed) {
      this.#sent = count;
      this.#send(count);
    }
    if (count.connections > 0) this.#arm(changed ? SOON_MS : Math.min(this.#intervalMs * 2, LATEST_MS));
  }
}
