import { LbError } from '../../errors/lb-error.ts';
import type { AppSpec } from '../../lifecycle/app-spec.ts';
import { keepScale } from '../../lifecycle/autoscale.ts';
import { isEnded } from '../../lifecycle/states.ts';
import { plural, slotNames } from '../../lifecycle/wording.ts';
import { countDone, currentWorker } from '../workers/pool.ts';
import type { WorkerHandle } from '../workers/worker-handle.ts';
import { describeFailure, type Operation, type OperationContext, type Outcome, type WorkerFailure } from './operation.ts';

interface RestartOptions {
  readonly spec: AppSpec | undefined;
  readonly now: boolean;
  /** Only these; default all. The generation stays: its definition does. */
  readonly slots?: readonly number[] | undefined;
}

/** Stops all workers, then starts new ones: for apps that cannot run two copies at once. New connections wait meanwhile. */
export class RestartOperation implements Operation {
  readonly kind = 'restart';
  readonly onlyDrains = false;
  readonly endsWithWorkers = true;
  readonly #context: OperationContext;
  readonly #options: RestartOptions;
  #phase: 'stopping' | 'starting' = 'stopping';
  #error: LbError | null = null;

  constructor(context: OperationContext, options: RestartOptions) {
    this.#context = context;
    this.#options = options;
  }

  begin(): void {
    const { pool, replacement } = this.#context;
    try {
      pool.wantedSlots(this.#options.slots);
    } catch (error) {
      this.#error = LbError.from(error);
      return;
    }
    const reload = replacement.current.way === 'start-first' ? ' (reload has no such gap)' : '';
    if (this.#options.slots === undefined)
      this.#context.progress('note', `${pool.spec.name}: restart stops all workers first, and connections wait for the new ones${reload}`);
    for (const worker of this.#concerned) pool.retire(worker, 'restart', { atOnce: this.#options.now });
  }

  step(): Outcome | null {
    const { pool } = this.#context;
    const { slots } = this.#options;
    if (this.#error !== null) return { ok: false, error: this.#error };
    if (this.#phase === 'stopping') {
      if (this.#concerned.length > 0) return null;
      this.#phase = 'starting';
      if (slots !== undefined) {
        pool.forgetRestarts(slots);
        return null;
      }
      if (this.#options.spec !== undefined) pool.spec = keepScale(this.#options.spec, pool.spec, pool.wanted);
      pool.wanted = pool.spec.instances;
      pool.nextGeneration();
      pool.forgetRestarts();
      return null;
    }
    if (slots !== undefined) return this.#slotsStarted(slots);
    const ready = pool.slots.filter((slot) => currentWorker(slot)?.state === 'ready').length;
    if (ready + countDone(pool) < pool.wanted || !this.#context.isAccepting()) return null;
    if (ready === 0) return { ok: true, message: `${pool.spec.name} was restarted and has ended with exit code 0` };
    return { ok: true, message: `${pool.spec.name} restarted with ${plural(ready, 'worker')}` };
  }

  #slotsStarted(slots: readonly number[]): Outcome | null {
    const { pool } = this.#context;
    const isUp = (slot: number): boolean => currentWorker(pool.slot(slot))?.state === 'ready' || isEnded(pool.slot(slot).restart.phase);
    return slots.every(isUp) ? { ok: true, message: `${slotNames(pool.spec.name, slots)} restarted` } : null;
  }

  get #concerned(): readonly WorkerHandle[] {
    return this.#context.pool.workers.filter(({ slot }) => this.#isConcerned(slot));
  }

  #isConcerned(slot: number): boolean {
    return this.#options.slots?.includes(slot) !== false;
  }

  holds(slot: number): boolean {
    return this.#phase === 'stopping' && this.#isConcerned(slot);
  }

  claims(worker: WorkerHandle): boolean {
    return this.#phase === 'starting' && this.#isConcerned(worker.slot) && worker.end.stopReason === null;
  }

  /** Workers that did not start stay down, and the restart policy keeps trying. */
  failed(failure: WorkerFailure): void {
    const { name } = this.#context.pool.spec;
    this.#error ??= new LbError('LB_ERR_OPERATION_FAILED', { operation: 'restart', app: name, reason: describeFailure(failure) }, failure.output);
  }

  abort(reason: string): void {
    this.#error ??= new LbError('LB_ERR_ABORTED', { operation: 'restart', app: this.#context.pool.spec.name, reason });
  }
}
