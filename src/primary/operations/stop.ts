import { messageOf } from '../../errors/lb-error.ts';
import { drainDelay, stopTimeout } from '../../lifecycle/stop-ladder.ts';
import { now } from '../../system/clock.ts';
import type { Operation, OperationContext, Outcome } from './operation.ts';

/** Waits for `drain_delay`, so that a load balancer in front can notice, and then drains every worker. Done when the last one has exited. */
export class StopOperation implements Operation {
  readonly kind = 'stop';
  readonly onlyDrains = false;
  readonly #context: OperationContext;
  readonly #now: boolean;
  readonly #handsOver: boolean;
  readonly #beganAt = now();
  #drainsAt = 0;
  /** The sockets are being shut; workers keep serving until they have every accepted connection. */
  #shutting = false;

  /** @param options.handsOver another primary serves the app: its sockets stay open */
  constructor(context: OperationContext, options: { readonly now: boolean; readonly handsOver?: boolean }) {
    this.#context = context;
    this.#now = options.now;
    this.#handsOver = options.handsOver ?? false;
  }

  begin(): void {
    const { pool } = this.#context;
    const { name } = pool.spec;
    const drainDelayMs = this.#handsOver ? 0 : drainDelay(pool.spec);
    if (this.#now || drainDelayMs === 0) return this.#leave(this.#now);
    this.#drainsAt = now() + drainDelayMs;
    this.#context.progress('note', `${name} reports not ready; draining starts in ${Math.round(drainDelayMs / 100) / 10} s`);
  }

  step(): Outcome | null {
    const { pool } = this.#context;
    if (this.#drainsAt > 0) {
      const left = this.#drainsAt - now();
      if (left > 0) this.#context.wakeIn(left);
      else this.#leave(false);
    }
    if (pool.workers.length > 0) return null;
    return { ok: true, message: `${pool.spec.name} is stopped` };
  }

  holds(): boolean {
    return this.#drainsAt === 0;
  }

  claims(): boolean {
    return false;
  }

  failed(): void {}

  abort(): void {}

  skipAhead(atOnce: boolean): void {
    if (this.#drainsAt > 0) this.#leave(atOnce);
    else if (this.#shutting) this.#cutShort(atOnce);
    else this.#context.pool.skipAhead(atOnce);
  }

  /** Shuts the sockets before the workers drain. A refused client can go elsewhere, but a connection left in the queue would be reset. */
  #leave(atOnce: boolean): void {
    this.#drainsAt = 0;
    if (atOnce) return this.#cutShort(true);
    this.#shutting = true;
    const shut = this.#handsOver ? this.#context.releaseListeners() : this.#context.shutListeners();
    const failed = (error: unknown): void => this.#context.progress('note', `connections may have been cut: ${messageOf(error)}`);
    void shut.catch(failed).then(() => {
      if (this.#shutting) this.#retire(false);
    });
  }

  #cutShort(atOnce: boolean): void {
    if (this.#handsOver) void this.#context.releaseListeners();
    else this.#context.closeListeners();
    this.#retire(atOnce);
  }

  #retire(atOnce: boolean): void {
    this.#shutting = false;
    const { pool } = this.#context;
    const killTimeoutMs = stopTimeout(pool.spec, now() - this.#beganAt);
    for (const worker of pool.workers) pool.retire(worker, this.#handsOver ? 'upgrade' : 'stop', { atOnce, killTimeoutMs });
  }
}
