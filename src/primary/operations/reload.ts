import { LbError } from '../../errors/lb-error.ts';
import type { AppSpec } from '../../lifecycle/app-spec.ts';
import { keepScale } from '../../lifecycle/autoscale.ts';
import type { StopReason } from '../../lifecycle/exit-report.ts';
import { movedPort } from '../../lifecycle/expected-port.ts';
import { describeServing } from '../../lifecycle/generations.ts';
import { planRollout, type Rollout, type RolloutStep } from '../../lifecycle/rollout.ts';
import { isEnded, isLeaving } from '../../lifecycle/states.ts';
import { plural, slotNames } from '../../lifecycle/wording.ts';
import type { OnFailure } from '../../protocol/control.ts';
import { currentWorker, type CodePlace } from '../workers/pool.ts';
import type { WorkerHandle } from '../workers/worker-handle.ts';
import { Canaries } from './canary.ts';
import { Drains, rolloutRoom } from './drains.ts';
import { Inspection } from './inspection.ts';
import { describeFailure, type Operation, type OperationContext, type Outcome, type WorkerFailure } from './operation.ts';

export interface ReloadOptions {
  readonly spec?: AppSpec | undefined;
  readonly parallel: number;
  /** Default: that of the definition's `canary`. */
  readonly monitorMs?: number | undefined;
  readonly onFailure: OnFailure;
  /** Listeners that the new workers need not have. */
  readonly drop: readonly string[];
  readonly allAtOnce: boolean;
  /** Only these; default all. The generation stays: its definition does. */
  readonly slots?: readonly number[] | undefined;
}

const DEFAULT_MONITOR_MS = 1_000;

/** What was there before, and is gone back to. */
interface Before {
  readonly spec: AppSpec;
  readonly generation: number;
  readonly count: number;
  readonly place: CodePlace | null;
}

/**
 * Replaces every worker, start-first where that is possible and wanted. It is a transaction: if the new version fails, the old one
 * keeps serving; stop-first it is started again, if the definition has changed.
 */
export class ReloadOperation implements Operation {
  readonly kind = 'reload';
  readonly #context: OperationContext;
  readonly #options: ReloadOptions;
  #phase: 'forward' | 'scaling' | 'draining' | 'back' = 'forward';
  #rollout: Rollout;
  #error: LbError | null = null;
  #inspection: Inspection | null = null;
  /** Decided when the inspection has ended. */
  #stopFirst = false;
  #before: Before;
  readonly #canaries: Canaries;
  readonly #drains: Drains;

  constructor(context: OperationContext, options: ReloadOptions) {
    this.#context = context;
    this.#options = options;
    this.#before = this.#present();
    this.#drains = new Drains(context.pool);
    this.#canaries = new Canaries(context);
    this.#rollout = this.#planFor([]);
  }

  /** Every new worker has passed. What happens to them now is no longer a failure of the reload. */
  get onlyDrains(): boolean {
    return this.#phase === 'draining';
  }

  /** On the way back, whatever serves is better than nothing. */
  get needsListeners(): boolean {
    return this.#phase === 'forward';
  }

  begin(): void {
    const { pool } = this.#context;
    const { slots, spec } = this.#options;
    let wanted: readonly number[];
    try {
      wanted = pool.wantedSlots(slots);
      this.#dropListeners();
    } catch (error) {
      this.#error = LbError.from(error);
      return;
    }
    this.#before = this.#present();
    if (slots === undefined) pool.nextGeneration();
    if (spec !== undefined) pool.spec = keepScale(spec, pool.spec, pool.wanted);
    pool.forgetRestarts(slots);
    this.#rollout = this.#planFor(wanted.filter((slot) => slot < pool.spec.instances));
    this.#inspection = new Inspection(this.#context);
  }

  /** The new workers need not have what the operator drops, nor the port that a changed definition moves. */
  #dropListeners(): void {
    const { pool } = this.#context;
    const { spec, drop } = this.#options;
    const moved = spec === undefined ? null : movedPort(pool.spec, spec);
    const [unknown] = this.#context.dropListeners([...drop, ...(moved === null ? [] : [moved])]).filter((name) => name !== moved);
    if (unknown === undefined) return;
    this.#context.dropListeners([]);
    throw new LbError('LB_ERR_LISTENER', { app: pool.spec.name, listener: unknown, listeners: this.#context.listeners().join(', ') || 'nothing' });
  }

  step(): Outcome | null {
    if (this.#phase === 'scaling') return this.#scaled();
    if (this.#phase === 'draining') return this.#finish();
    if (!this.#decided()) return null;
    const { pool } = this.#context;
    if (this.#phase === 'forward') this.#compare();
    const plan = planRollout(pool.rolloutSlots(), this.#rollout, rolloutRoom(this.#context));
    const stopReason = this.#phase === 'back' ? 'rollback' : 'reload';
    // The switch: all new workers join the rotation in the same turn in which the old ones leave it.
    if (plan.replaced || plan.steps.some((step) => step.do === 'retire')) this.#release();
    this.#take(plan.steps, stopReason);
    if (plan.wakeInMs !== null) this.#context.wakeIn(plan.wakeInMs);
    if (!plan.replaced) return null;
    if (this.#phase === 'back' || this.#error !== null) return this.#finish();
    this.#phase = this.#options.slots === undefined ? 'scaling' : 'draining';
    if (this.#phase === 'draining') return this.#finish();
    pool.wanted = pool.spec.instances;
    return this.#scaled();
  }

  /** The first new worker passes only if it serves as well as the old ones. */
  #compare(): void {
    const { onTrial, failure } = this.#canaries.step(this.#rollout);
    this.#rollout = { ...this.#rollout, onTrial };
    if (failure !== null) this.failed(failure);
  }

  #take(steps: readonly RolloutStep[], stopReason: StopReason): void {
    const { pool } = this.#context;
    const { allAtOnce, stopFirst } = this.#rollout;
    let room = pool.startRoom;
    for (const step of steps) {
      if (step.do === 'fork' && room-- > 0) pool.fork(step.slot).standby = allAtOnce && !stopFirst;
      const worker = step.do === 'retire' ? pool.workers.find((w) => w.id === step.id) : undefined;
      if (worker !== undefined) this.#drains.retire(worker, stopReason);
    }
  }

  holds(): boolean {
    return false;
  }

  claims(worker: WorkerHandle): boolean {
    const isConcerned = this.#options.slots?.includes(worker.slot) !== false;
    return isConcerned && !this.onlyDrains && worker.id > this.#rollout.cutId && worker.end.stopReason === null;
  }

  failed(failure: WorkerFailure): void {
    const { name } = this.#context.pool.spec;
    const first = this.#error === null;
    this.#error = this.#errorOf(failure);
    this.#context.progress('failed', `${name}[${failure.worker.slot}] ${failure.reason}`, failure.worker);
    // A slot that fails even with the old definition is left to the restart policy.
    if (this.#phase === 'back' || this.#options.onFailure === 'continue') {
      this.#giveUp(failure.worker.slot);
      return;
    }
    if (first) this.#turnBack(this.#options.onFailure === 'rollback');
  }

  abort(reason: string): void {
    if (this.#error !== null || this.onlyDrains) return;
    this.#error = new LbError('LB_ERR_ABORTED', { operation: 'reload', app: this.#context.pool.spec.name, reason });
    this.#turnBack(true);
  }

  /** Whether it is known how the workers are replaced. */
  #decided(): boolean {
    if (this.#inspection === null) return true;
    if (!this.#inspection.done) return false;
    this.#inspection = null;
    const { pool, replacement } = this.#context;
    const { way, reason } = replacement.current;
    this.#stopFirst = way === 'stop-first';
    this.#rollout = { ...this.#rollout, stopFirst: this.#stopFirst };
    if (this.#stopFirst) {
      const message = `${pool.spec.name} is replaced stop-first, because ${reason}: each new worker starts when the old one has ended`;
      this.#context.progress('note', message);
    }
    return true;
  }

  /** The first failure counts. Stop-first, a slot is down if its old version is not started again, or fails too. */
  #errorOf(failure: WorkerFailure): LbError {
    const { spec: changed, onFailure } = this.#options;
    const isDown = this.#stopFirst && isLeaving(failure.worker.state) && (this.#phase === 'back' || onFailure !== 'rollback' || changed === undefined);
    const reason = this.#error?.details['reason'] ?? describeFailure(failure);
    const details = { app: this.#context.pool.spec.name, reason };
    const output = this.#error?.output ?? failure.output;
    if (isDown) return new LbError('LB_ERR_RELOAD_DOWN', { ...details, slot: failure.worker.slot }, output);
    return this.#error ?? new LbError('LB_ERR_RELOAD_FAILED', details, output);
  }

  #planFor(slots: readonly number[]): Rollout {
    const { parallel, allAtOnce } = this.#options;
    const monitorMs = this.#options.monitorMs ?? this.#context.pool.spec.canary?.monitorMs ?? DEFAULT_MONITOR_MS;
    return { cutId: this.#context.pool.lastId, slots, parallel, monitorMs, allAtOnce, stopFirst: this.#stopFirst, onTrial: null, givenUp: new Set() };
  }

  #giveUp(slot: number): void {
    this.#rollout = { ...this.#rollout, givenUp: new Set([...this.#rollout.givenUp, slot]) };
    this.#retireNewBesideOld([slot]);
  }

  #present(): Before {
    const { spec, generation, wanted, place } = this.#context.pool;
    return { spec, generation, count: wanted, place };
  }

  /** Whether the version before can be started again: by its definition, or because its files are still where they were. */
  #wayBack(): Before | null {
    const { generations } = this.#context;
    const { generation, place } = this.#before;
    if (generations.filesOf(generation) === 'moved') return { ...this.#before, place: generations.placeOf(generation) };
    return this.#options.spec !== undefined || place !== null ? this.#before : null;
  }

  /** Retires new workers whose old one still serves. With `undo`, replaced slots go back to the version before, if there is a way. */
  #turnBack(undo: boolean): void {
    const { pool, generations } = this.#context;
    this.#inspection = null;
    this.#canaries.end();
    this.#retireNewBesideOld(this.#rollout.slots);
    this.#release();
    const replaced = this.#rollout.slots.filter((index) => {
      const current = currentWorker(pool.slot(index));
      return current === undefined || current.id > this.#rollout.cutId;
    });
    const back = undo ? this.#wayBack() : null;
    if (back === null) pool.spec = { ...pool.spec, instances: pool.wanted };
    else {
      pool.spec = back.spec;
      pool.wanted = back.count;
      pool.place = back.place;
      if (replaced.length > 0) {
        this.#context.progress(
          'rollback',
          `${pool.spec.name}: rolling ${plural(replaced.length, 'replaced worker')} back to the previous ${this.#options.spec === undefined ? 'version' : 'definition'}`,
        );
      }
    }
    // What is started from now on is what served before.
    const isAsBefore = back !== null || (this.#options.spec === undefined && replaced.length === 0);
    if (isAsBefore && generations.filesOf(this.#before.generation) !== 'changed') pool.generation = this.#before.generation;
    this.#phase = 'back';
    this.#stopFirst = this.#context.replacement.current.way === 'stop-first';
    this.#rollout = { ...this.#planFor(back === null ? [] : replaced), parallel: Math.max(1, this.#options.parallel), allAtOnce: false };
  }

  #release(): void {
    for (const worker of this.#context.pool.workers) worker.standby = false;
  }

  #retireNewBesideOld(slots: readonly number[]): void {
    const { pool } = this.#context;
    for (const index of slots) {
      const { workers } = pool.slot(index);
      const isOld = (w: WorkerHandle): boolean => w.id <= this.#rollout.cutId;
      if (!workers.some((w) => isOld(w) && !isLeaving(w.state))) continue;
      for (const worker of workers) if (!isOld(worker)) this.#drains.retire(worker, 'rollback');
    }
  }

  #scaled(): Outcome | null {
    const { pool } = this.#context;
    const surplus = pool.workers.filter((worker) => worker.slot >= pool.wanted);
    const leaving = this.#drains.retireWithinRoom(surplus, 'reload');
    const missing = pool.slots.filter((slot) => slot.index < pool.wanted && currentWorker(slot)?.state !== 'ready' && !isEnded(slot.restart.phase));
    if (!leaving || missing.length > 0) return null;
    if (this.#error === null) this.#phase = 'draining';
    return this.#finish();
  }

  #finish(): Outcome | null {
    const { pool } = this.#context;
    if (!this.#drains.ended) return null;
    // Workers of the failed version may have left by themselves.
    if (this.#error !== null && pool.workers.some((w) => isLeaving(w.state))) return null;
    if (this.#error !== null) return { ok: false, error: this.#withServing(this.#error) };
    const { slots } = this.#options;
    if (slots !== undefined) return { ok: true, message: `${slotNames(pool.spec.name, slots)} reloaded` };
    return { ok: true, message: `${pool.spec.name} reloaded, generation ${pool.generation}, ${plural(pool.wanted, 'worker')}` };
  }

  /** Its hint says who serves now. */
  #withServing(error: LbError): LbError {
    if (error.code !== 'LB_ERR_RELOAD_FAILED') return error;
    const { pool, generations } = this.#context;
    const serving = describeServing(generations.facts, { before: this.#before.generation, newest: pool.generation });
    return new LbError(error.code, { ...error.details, serving }, error.output);
  }
}
