import { LbError } from '../../errors/lb-error.ts';
import { plural } from '../../lifecycle/wording.ts';
import { countDone, currentWorker } from '../workers/pool.ts';
import { describeFailure, type Operation, type OperationContext, type Outcome, type WorkerFailure } from './operation.ts';

/** Starts an app. The first worker that fails ends the start, so that a typo is reported before it crashes 16 times. */
export class StartOperation implements Operation {
  readonly kind = 'start';
  readonly joinable = false;
  readonly onlyDrains = false;
  readonly endsWithWorkers = true;
  readonly #context: OperationContext;
  #error: LbError | null = null;

  constructor(context: OperationContext) {
    this.#context = context;
  }

  begin(): void {
    const { pool } = this.#context;
    pool.generation = Math.max(1, pool.generation);
    pool.wanted = pool.spec.instances;
  }

  step(): Outcome | null {
    const { pool } = this.#context;
    if (this.#error !== null) {
      for (const worker of pool.workers) pool.retire(worker, 'start-failed');
      return pool.workers.length === 0 ? { ok: false, error: this.#error } : null;
    }
    // Counts workers that were ready once. A later ejection is a health problem and does not hold up the start.
    const started = pool.slots.filter((slot) => typeof currentWorker(slot)?.readyAt === 'number').length;
    const done = countDone(pool);
    if (started + done < pool.wanted) return null;
    this.#context.closeUnusedListeners();
    if (started === 0) return { ok: true, message: `${pool.spec.name} has ended with exit code 0` };
    const listeners = this.#context.listeners();
    const where = listeners.length === 0 ? 'not listening' : `listening on ${listeners.join(', ')}`;
    return { ok: true, message: `${pool.spec.name} is online with ${plural(started, 'worker')}, ${where}` };
  }

  holds(): boolean {
    return this.#error !== null;
  }

  claims(): boolean {
    return true;
  }

  failed(failure: WorkerFailure): void {
    this.#error ??= new LbError('LB_ERR_START_FAILED', { app: this.#context.pool.spec.name, reason: describeFailure(failure) }, failure.output);
  }

  abort(reason: string): void {
    this.#error ??= new LbError('LB_ERR_ABORTED', { operation: 'start', app: this.#context.pool.spec.name, reason });
  }
}
