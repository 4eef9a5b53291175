import { LbError, shellWord } from '../../errors/lb-error.ts';
import { MAX_INSTANCES, weightOf, type AppSpec } from '../../lifecycle/app-spec.ts';
import { copiesWarning } from '../../lifecycle/copies.ts';
import { plural } from '../../lifecycle/wording.ts';
import { currentWorker } from '../workers/pool.ts';
import type { WorkerHandle } from '../workers/worker-handle.ts';
import { Drains } from './drains.ts';
import { describeFailure, type Operation, type OperationContext, type Outcome, type WorkerFailure } from './operation.ts';

interface ScaleRequest {
  readonly to?: number | undefined;
  readonly by?: number | undefined;
  /** Requested by the autoscaler, so autoscaling stays on. */
  readonly automatic?: boolean;
}

/** Changes the number of workers: scaling up starts new slots, scaling down drains the highest ones. */
export class ScaleOperation implements Operation {
  readonly kind = 'scale';
  readonly #context: OperationContext;
  readonly #request: ScaleRequest;
  readonly #drains: Drains;
  #before = 0;
  #count = 0;
  #onlyDrains = false;
  #error: LbError | null = null;

  constructor(context: OperationContext, request: ScaleRequest) {
    this.#context = context;
    this.#request = request;
    this.#drains = new Drains(context.pool);
  }

  get onlyDrains(): boolean {
    return this.#onlyDrains;
  }

  /** Growing takes nothing from workers that leave. */
  besideDrains(): boolean {
    return this.#wanted() >= this.#context.pool.wanted;
  }

  begin(): void {
    const { pool } = this.#context;
    this.#before = pool.wanted;
    const count = this.#wanted();
    const { name, weights } = pool.spec;
    const reason = refusalOf(count, weights);
    if (reason !== null) {
      this.#error = new LbError('LB_ERR_OPERATION_FAILED', { operation: 'scale', app: name, reason });
      return;
    }
    this.#turnOffAutoscaling();
    this.#want(count);
    if (count > this.#before) this.#warnOfCopies(count);
  }

  step(): Outcome | null {
    const { pool } = this.#context;
    if (this.#onlyDrains) return this.#finish();
    const surplus = pool.workers.filter((worker) => worker.slot >= pool.wanted);
    const leaving = this.#drains.retireWithinRoom(surplus, 'scale');
    const missing = pool.slots.filter((slot) => slot.index >= this.#before && slot.index < pool.wanted && currentWorker(slot)?.state !== 'ready');
    if (!leaving || (this.#error === null && missing.length > 0)) return null;
    this.#onlyDrains = this.#error === null;
    return this.#finish();
  }

  #finish(): Outcome | null {
    const { pool } = this.#context;
    if (!this.#drains.ended) return null;
    if (this.#error !== null) return { ok: false, error: this.#error };
    return { ok: true, message: `${pool.spec.name} has ${plural(this.#count, 'worker')} (had ${this.#before})` };
  }

  holds(): boolean {
    return false;
  }

  claims(worker: WorkerHandle): boolean {
    return !this.#onlyDrains && worker.slot >= this.#before && worker.end.stopReason === null;
  }

  failed(failure: WorkerFailure): void {
    const { name } = this.#context.pool.spec;
    this.#error ??= new LbError('LB_ERR_OPERATION_FAILED', { operation: 'scale', app: name, reason: describeFailure(failure) }, failure.output);
    this.#want(this.#before);
  }

  abort(reason: string): void {
    if (this.#onlyDrains) return;
    this.#error ??= new LbError('LB_ERR_ABORTED', { operation: 'scale', app: this.#context.pool.spec.name, reason });
    if (this.#context.pool.wanted > this.#before) this.#want(this.#before);
  }

  /** Turns autoscaling off if the operator sets the number. */
  #turnOffAutoscaling(): void {
    const { pool } = this.#context;
    const { name, scale } = pool.spec;
    if (this.#request.automatic === true || scale === null || !scale.on) return;
    pool.spec = { ...pool.spec, scale: { ...scale, on: false } };
    this.#context.progress('note', `${name}: autoscaling is now off (turn it on with: lb scale ${shellWord(name)} auto)`);
  }

  #warnOfCopies(count: number): void {
    const { spec } = this.#context.pool;
    const warning = copiesWarning(spec, count);
    if (warning !== null) this.#context.progress('note', `${spec.name}: ${warning}`);
  }

  /** The number that was asked for. */
  #wanted(): number {
    const { to, by = 0 } = this.#request;
    return Math.max(1, to ?? this.#context.pool.wanted + by);
  }

  #want(count: number): void {
    const { pool } = this.#context;
    this.#count = count;
    pool.wanted = count;
    pool.spec = { ...pool.spec, instances: count };
  }
}

/** Why an app cannot have `count` workers; null if it can. */
function refusalOf(count: number, weights: AppSpec['weights']): string | null {
  if (count > MAX_INSTANCES) return `it would have ${count} workers; the maximum is ${MAX_INSTANCES}`;
  const serves = Array.from({ length: count }, (_, slot) => weightOf(weights, slot)).some((weight) => weight > 0);
  return serves ? null : `the remaining ${plural(count, 'slot')} would have no weight above 0`;
}
