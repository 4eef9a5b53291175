import { LbError } from '../../errors/lb-error.ts';
import type { RecycleReason } from '../../lifecycle/recycle-limits.ts';
import { planRollout, type Rollout } from '../../lifecycle/rollout.ts';
import { isLeaving } from '../../lifecycle/states.ts';
import type { WorkerHandle } from '../workers/worker-handle.ts';
import { Drains, rolloutRoom } from './drains.ts';
import { Inspection } from './inspection.ts';
import { describeFailure, type Operation, type OperationContext, type Outcome, type WorkerFailure } from './operation.ts';

/** Replaces one worker. Start-first, the old one keeps serving if the new one fails; stop-first, the restart policy goes on. */
export class RecycleOperation implements Operation {
  readonly kind = 'recycle';
  readonly #context: OperationContext;
  readonly #old: WorkerHandle;
  readonly #stopReason: RecycleReason;
  readonly #drains: Drains;
  #rollout: Rollout;
  #inspection: Inspection | null = null;
  #replaced = false;
  #error: LbError | null = null;
  #superseded = false;

  constructor(context: OperationContext, old: WorkerHandle, stopReason: RecycleReason) {
    this.#context = context;
    this.#old = old;
    this.#stopReason = stopReason;
    this.#drains = new Drains(context.pool);
    this.#rollout = { cutId: 0, slots: [old.slot], parallel: 1, monitorMs: 0, allAtOnce: false, stopFirst: false, onTrial: null, givenUp: new Set() };
  }

  get onlyDrains(): boolean {
    return this.#replaced;
  }

  besideDrains(): boolean {
    return true;
  }

  begin(): void {
    // The worker may have ended while this operation was queued.
    this.#superseded = isLeaving(this.#old.state);
    this.#rollout = { ...this.#rollout, cutId: this.#context.pool.lastId };
    this.#inspection = new Inspection(this.#context);
  }

  step(): Outcome | null {
    const { pool } = this.#context;
    if (this.#error !== null) return { ok: false, error: this.#error };
    if (this.#old.slot >= pool.wanted || this.#superseded) return { ok: true, message: 'no longer needed' };
    if (this.#replaced) return this.#finish();
    if (this.#inspection !== null && !this.#decided(this.#inspection)) return null;
    const plan = planRollout(pool.rolloutSlots(), this.#rollout, rolloutRoom(this.#context));
    for (const step of plan.steps) {
      const worker = step.do === 'fork' ? pool.fork(step.slot) : pool.workers.find((w) => w.id === step.id);
      if (step.do !== 'retire' || worker === undefined) continue;
      if (worker === this.#old) pool.counters.recycled(worker.slot, this.#stopReason);
      this.#drains.retire(worker, this.#stopReason);
    }
    if (plan.wakeInMs !== null) this.#context.wakeIn(plan.wakeInMs);
    this.#replaced = plan.replaced;
    return this.#replaced ? this.#finish() : null;
  }

  #decided({ done }: Inspection): boolean {
    if (!done) return false;
    this.#inspection = null;
    this.#rollout = { ...this.#rollout, stopFirst: this.#context.replacement.current.way === 'stop-first' };
    return true;
  }

  #finish(): Outcome | null {
    return this.#drains.ended ? { ok: true, message: `${this.#context.pool.spec.name}[${this.#old.slot}] replaced` } : null;
  }

  holds(): boolean {
    return false;
  }

  claims(worker: WorkerHandle): boolean {
    return !this.#replaced && worker.slot === this.#old.slot && worker.id > this.#rollout.cutId && worker.end.stopReason === null;
  }

  failed(failure: WorkerFailure): void {
    const { name } = this.#context.pool.spec;
    this.#error ??= new LbError('LB_ERR_OPERATION_FAILED', { operation: 'recycle', app: name, reason: describeFailure(failure) }, failure.output);
  }

  abort(reason: string): void {
    if (this.#replaced) return;
    const { pool } = this.#context;
    for (const worker of pool.workers) {
      if (worker.slot === this.#old.slot && worker.id > this.#rollout.cutId && worker.state === 'starting') pool.retire(worker, 'rollback');
    }
    this.#error ??= new LbError('LB_ERR_ABORTED', { operation: 'recycle', app: pool.spec.name, reason });
  }
}
