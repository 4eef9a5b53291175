import { LbError } from '../../errors/lb-error.ts';
import type { AppSpec } from '../../lifecycle/app-spec.ts';
import type { StopReason } from '../../lifecycle/exit-report.ts';
import { NO_RESTARTS, type RestartState } from '../../lifecycle/restart-policy.ts';
import type { RolloutSlot } from '../../lifecycle/rollout.ts';
import { isEnded, isLeaving } from '../../lifecycle/states.ts';
import type { WorkerSettings } from '../../protocol/worker.ts';
import { now } from '../../system/clock.ts';
import { cpuBudget } from '../../system/cpu-budget.ts';
import type { RawListener } from '../handles/raw-handles.ts';
import { AppCounters } from './app-counters.ts';
import type { Notify } from './app-observer.ts';
import { Retirement } from './retirement.ts';
import { WorkerHandle, type WorkerObserver } from './worker-handle.ts';
import type { StartWorker } from './worker-process.ts';

/** The most workers that start at the same time. Each uses a CPU until it is ready, and the primary needs CPU time too. */
export const STARTING_AT_ONCE = Math.max(32, cpuBudget());

export interface Slot {
  readonly index: number;
  /** Workers that have not been removed, oldest first. */
  workers: WorkerHandle[];
  restart: RestartState;
  /** Its worker just exited, and the slot is not refilled before the exit report is complete. */
  awaitsReport: boolean;
}

interface PoolOptions {
  readonly spec: AppSpec;
  readonly startWorker: StartWorker;
  readonly workerSettings: (spec: AppSpec) => WorkerSettings;
  /** The socket that workers of this definition inherit; null for none. @throws Error if it is not open */
  readonly socketOf: (spec: AppSpec) => RawListener | null;
  readonly notify: Notify<WorkerHandle>;
}

/** Where the code of a generation is. */
export interface CodePlace {
  readonly script: string;
  readonly cwd: string;
}

interface RetireOptions {
  /** Kills it without draining. */
  readonly atOnce?: boolean;
  /** Default: `kill_timeout`. */
  readonly killTimeoutMs?: number;
}

/** The slots of an app and their workers. Forks and retires them; others decide when. */
export class Pool implements WorkerObserver {
  /** How many slots should have a worker. */
  wanted = 0;
  /** Null for where the definition says. A definition whose path is a link may lead to a newer version by now. */
  place: CodePlace | null = null;
  /** The id of the youngest worker. Ids increase with each fork. */
  lastId = 0;
  readonly counters = new AppCounters();
  readonly #slots = new Map<number, Slot>();
  readonly #retirements = new Map<WorkerHandle, Retirement>();
  readonly #options: PoolOptions;
  #spec: AppSpec;
  #generation = 0;
  #newestGeneration = 0;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#spec = options.spec;
  }

  get spec(): AppSpec {
    return this.#spec;
  }

  set spec(spec: AppSpec) {
    this.#spec = spec;
    this.#options.notify('onSpecChanged', spec);
  }

  /** The generation of the workers that are started now. */
  get generation(): number {
    return this.#generation;
  }

  set generation(generation: number) {
    this.#generation = generation;
    this.#newestGeneration = Math.max(this.#newestGeneration, generation);
  }

  /** From now on, workers are started from what is where the definition says. No number is used twice. */
  nextGeneration(): void {
    this.generation = this.#newestGeneration + 1;
    this.place = null;
  }

  /** All slots that are wanted or still have a worker, in order. */
  get slots(): readonly Slot[] {
    for (let index = 0; index < this.wanted; index++) this.slot(index);
    for (const { index, workers } of this.#slots.values()) if (index >= this.wanted && workers.length === 0) this.#slots.delete(index);
    return [...this.#slots.values()].sort((a, b) => a.index - b.index);
  }

  get workers(): readonly WorkerHandle[] {
    return this.slots.flatMap((slot) => slot.workers);
  }

  /** How many wanted slots have a ready worker. */
  get readySlots(): number {
    return this.slots.filter(({ index, workers }) => index < this.wanted && workers.some(({ state }) => state === 'ready')).length;
  }

  /** How many workers are on their way out. */
  get draining(): number {
    return this.workers.filter(({ state }) => isLeaving(state) && state !== 'exited').length;
  }

  /** How many may be on their way out at a time. */
  get maxDraining(): number {
    return this.spec.maxDraining ?? Math.max(1, this.slots.length);
  }

  /** How the app has ended, if no worker is left and none will be started by itself. */
  get outcome(): 'stopped' | 'errored' | null {
    if (this.wanted === 0 || this.workers.length > 0) return null;
    const phases = this.slots.map((slot) => slot.restart.phase);
    if (!phases.every(isEnded)) return null;
    return phases.includes('errored') ? 'errored' : 'stopped';
  }

  /** How many more workers may start now. */
  get startRoom(): number {
    return STARTING_AT_ONCE - this.workers.filter(({ state }) => state === 'starting').length;
  }

  /** Every slot that should have a worker, or these. @throws LbError LB_ERR_SLOT */
  wantedSlots(only?: readonly number[]): readonly number[] {
    const unknown = only?.find((slot) => slot >= this.wanted);
    if (unknown !== undefined) throw new LbError('LB_ERR_SLOT', { app: this.spec.name, slot: unknown, last: this.wanted - 1 });
    return only ?? Array.from({ length: this.wanted }, (_, slot) => slot);
  }

  slot(index: number): Slot {
    let slot = this.#slots.get(index);
    if (slot === undefined) {
      slot = { index, workers: [], restart: NO_RESTARTS, awaitsReport: false };
      this.#slots.set(index, slot);
    }
    return slot;
  }

  fork(index: number): WorkerHandle {
    const slot = this.slot(index);
    const { startWorker, workerSettings, socketOf, notify } = this.#options;
    const { generation, counters } = this;
    const spec = this.place === null ? this.#spec : { ...this.#spec, ...this.place };
    const launch = { spec, slot: index, settings: workerSettings(spec), socket: socketOf(spec) };
    const worker = new WorkerHandle({
      id: this.lastId + 1,
      slot: index,
      generation,
      spec,
      predecessor: currentWorker(slot) ?? null,
      counters,
      start: (events) => startWorker(launch, events),
      notify,
    });
    this.lastId = worker.id;
    slot.workers.push(worker);
    const restarted = slot.restart.phase === 'waiting' ? 1 : 0;
    this.counters.restarts += restarted;
    slot.restart = { ...slot.restart, phase: 'idle', restarts: slot.restart.restarts + restarted };
    notify('onForked', worker);
    return worker;
  }

  /** A worker that is already leaving keeps its deadline, unless the new one is earlier. */
  retire(worker: WorkerHandle, stopReason: StopReason, { atOnce = false, killTimeoutMs }: RetireOptions = {}): void {
    const current = this.#retirements.get(worker);
    if (current !== undefined) {
      if (killTimeoutMs !== undefined) current.shorten(killTimeoutMs);
      if (atOnce) current.kill();
      return;
    }
    if (worker.state === 'exited') return;
    const { shutdownWithMessage, killSignal, killTimeoutMs: configuredMs } = worker.spec;
    this.#retirements.set(
      worker,
      new Retirement(worker, { stopReason, killTimeoutMs: killTimeoutMs ?? configuredMs, shutdownWithMessage, killSignal, now: atOnce }),
    );
  }

  /** Frees the worker's slot immediately. The caller must kill the worker. */
  abandon(worker: WorkerHandle, stopReason: StopReason): void {
    worker.end.ask(stopReason);
    worker.move('stopping');
  }

  /** Moves every leaving worker to the next rung of the stop ladder, or to the last one with `atOnce`. */
  skipAhead(atOnce: boolean): void {
    for (const retirement of this.#retirements.values()) {
      if (atOnce) retirement.kill();
      else retirement.skipAhead();
    }
  }

  /** A worker that leaves because its channel closed gets a deadline, since its slot is empty until it is gone. */
  awaitEnd(slot: Slot): false {
    for (const worker of slot.workers) if (worker.end.stopReason === null) this.retire(worker, 'disconnected');
    return false;
  }

  onDrainChanged(worker: WorkerHandle): void {
    this.#retirements.get(worker)?.step();
  }

  remove(worker: WorkerHandle): void {
    this.#retirements.delete(worker);
    const slot = this.slot(worker.slot);
    slot.workers = slot.workers.filter((w) => w !== worker);
    if (slot.index >= this.wanted && slot.workers.length === 0) this.#slots.delete(slot.index);
  }

  /** Of these slots, or of all. */
  forgetRestarts(only?: readonly number[]): void {
    for (const slot of this.#slots.values()) if (only?.includes(slot.index) !== false) slot.restart = { ...NO_RESTARTS, restarts: slot.restart.restarts };
  }

  /** What is shown of restarts and recycles begins at 0; the totals of the metrics go on. */
  resetCounters(): void {
    this.counters.forgetRecycles();
    for (const slot of this.#slots.values()) slot.restart = { ...slot.restart, restarts: 0 };
  }

  /** Every wanted slot stays empty, as after a worker that is not restarted. */
  rest(): void {
    this.wanted = this.spec.instances;
    for (const slot of this.slots) slot.restart = { ...NO_RESTARTS, phase: 'stopped' };
  }

  rolloutSlots(): RolloutSlot[] {
    const at = now();
    return this.slots.map((slot) => ({
      slot: slot.index,
      awaitsReport: slot.awaitsReport,
      workers: slot.workers.map((w) => ({
        id: w.id,
        state: w.state,
        readyForMs: w.readyAt === null ? null : at - w.readyAt,
        memoryBytes: w.meter.memoryBytes,
      })),
    }));
  }
}

/** The youngest worker of a slot that is not leaving. */
export function currentWorker(slot: Slot): WorkerHandle | undefined {
  return slot.workers.findLast((worker) => !isLeaving(worker.state));
}

/** How many slots have done their work: their worker ended, and they stay empty. */
export function countDone({ slots }: Pick<Pool, 'slots'>): number {
  return slots.filter((slot) => slot.restart.phase === 'stopped' && !slot.awaitsReport && currentWorker(slot) === undefined).length;
}
