import type { Operation, OperationContext, Outcome } from './operation.ts';

/** Drains every worker; the app is stopped when the last one is gone. */
export class StopOperation implements Operation {
  readonly kind = 'stop';
  readonly joinable = false;
  readonly #context: OperationContext;
  readonly #now: boolean;

  constructor(context: OperationContext, options: { readonly now: boolean }) {
    this.#context = context;
    this.#now = options.now;
  }

  begin(): void {
    const { pool } = this.#context;
    for (const worker of pool.workers) pool.retire(worker, 'stop', this.#now);
  }

  step(): Outcome | null {
    const { pool } = this.#context;
    if (pool.workers.length > 0) return null;
    return { ok: true, message: `${pool.spec.name} is stopped` };
  }

  holds(): boolean {
    return true;
  }

  claims(): boolean {
    return false;
  }

  failed(): void {}

  abort(): void {}
}
