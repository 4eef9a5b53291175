import { isLeaving, type WorkerState } from '../../src/lifecycle/states.ts';
import { planRollout, type Rollout, type RolloutPlan, type RolloutRoom, type RolloutSlot, type RolloutStep } from '../../src/lifecycle/rollout.ts';

interface SimulatedWorker {
  readonly id: number;
  state: WorkerState;
  readyAt: number | null;
}

/** What the world answers to the steps of a plan; each list is used from its beginning again when it is exhausted. */
export interface World {
  readonly bootMs: readonly number[];
  readonly drainMs: readonly number[];
  /** After how many forks in all a new worker dies, and when. */
  readonly crashes: readonly { readonly fork: number; readonly afterMs: number }[];
}

interface Happening {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

/** Everything around `planRollout`: slots, a virtual clock, boots, drains and crashes. */
export class RolloutSimulation {
  readonly slots: readonly { readonly slot: number; workers: SimulatedWorker[] }[];
  readonly rollout: Rollout;
  /** Called with each round's plan before its steps are taken. */
  onPlan: (plan: RolloutPlan) => void = () => {};
  now = 0;
  rounds = 0;
  crashed = 0;
  readonly #world: World;
  readonly #due: Happening[] = [];
  readonly #maxDraining: number;
  #lastId: number;
  #forks = 0;
  #drains = 0;

  constructor(
    slotCount: number,
    { maxDraining, ...options }: Omit<Rollout, 'cutId' | 'slots' | 'givenUp' | 'onTrial'> & Pick<RolloutRoom, 'maxDraining'>,
    world: World,
  ) {
    this.#world = world;
    this.#maxDraining = maxDraining;
    this.slots = Array.from({ length: slotCount }, (_, slot) => ({ slot, workers: [{ id: slot + 1, state: 'ready', readyAt: -60_000 }] }));
    this.#lastId = slotCount;
    this.rollout = { ...options, cutId: slotCount, slots: this.slots.map(({ slot }) => slot), onTrial: null, givenUp: new Set() };
  }

  get facts(): RolloutSlot[] {
    return this.slots.map(({ slot, workers }) => ({
      slot,
      awaitsReport: false,
      workers: workers.map(({ id, state, readyAt }) => ({ id, state, readyForMs: readyAt === null ? null : this.now - readyAt, memoryBytes: null })),
    }));
  }

  get draining(): number {
    return this.slots.flatMap(({ workers }) => workers).filter(({ state }) => isLeaving(state)).length;
  }

  get room(): RolloutRoom {
    return { maxDraining: this.#maxDraining, draining: this.draining, memoryLeftBytes: null };
  }

  get routable(): number {
    return this.slots.flatMap(({ workers }) => workers).filter(({ state }) => state === 'ready').length;
  }

  /** Slots with a new worker that has not passed the monitor window. */
  get underWay(): number {
    const { cutId, monitorMs } = this.rollout;
    const isUnderWay = (w: SimulatedWorker): boolean => w.id > cutId && !isLeaving(w.state) && (w.readyAt === null || this.now - w.readyAt < monitorMs);
    return this.slots.filter(({ workers }) => workers.some(isUnderWay)).length;
  }

  /** Runs until the plan says that it is done; false when nothing is left that could bring it further. */
  run(): boolean {
    for (;;) {
      this.rounds++;
      const plan = planRollout(this.facts, this.rollout, this.room);
      this.onPlan(plan);
      for (const step of plan.steps) this.#take(step);
      this.#refill();
      if (plan.done) return true;
      if (!this.#advance(plan.wakeInMs)) return false;
    }
  }

  /** To the next thing that happens, or to when the plan wants to look again. */
  #advance(wakeInMs: number | null): boolean {
    this.#due.sort((a, b) => a.at - b.at || a.order - b.order);
    const next = this.#due[0];
    const wakeAt = wakeInMs === null ? Number.POSITIVE_INFINITY : this.now + wakeInMs;
    if (next !== undefined && next.at <= wakeAt) {
      this.#due.shift();
      this.now = next.at;
      next.run();
      return true;
    }
    this.now = wakeAt;
    return Number.isFinite(wakeAt);
  }

  #take(step: RolloutStep): void {
    if (step.do === 'fork') this.#fork(step.slot);
    else this.#retire(step.slot, step.id);
  }

  #fork(index: number): void {
    const worker: SimulatedWorker = { id: ++this.#lastId, state: 'starting', readyAt: null };
    this.slots[index]?.workers.push(worker);
    const fork = this.#forks++;
    this.#in(pick(this.#world.bootMs, fork), () => {
      if (worker.state !== 'starting') return;
      worker.state = 'ready';
      worker.readyAt = this.now;
    });
    for (const crash of this.#world.crashes.filter((c) => c.fork === fork)) {
      this.#in(crash.afterMs, () => {
        if (worker.state !== 'exited') this.crashed++;
        this.#end(index, worker);
      });
    }
  }

  #retire(index: number, id: number): void {
    const worker = this.slots[index]?.workers.find((w) => w.id === id);
    if (worker === undefined) throw new Error(`there is no worker ${id} in slot ${index} to retire`);
    worker.state = 'draining';
    this.#in(pick(this.#world.drainMs, this.#drains++), () => {
      worker.state = 'stopping';
      this.#in(1, () => this.#end(index, worker));
    });
  }

  #end(index: number, worker: SimulatedWorker): void {
    worker.state = 'exited';
    const slot = this.slots[index];
    if (slot !== undefined) slot.workers = slot.workers.filter((w) => w !== worker);
  }

  /** The loop around the operation: a slot without a worker gets one. */
  #refill(): void {
    for (const { slot, workers } of this.slots) {
      const isFree = this.rollout.stopFirst ? workers.length === 0 : !workers.some(({ state }) => !isLeaving(state));
      if (isFree) this.#fork(slot);
    }
  }

  #in(ms: number, run: () => void): void {
    this.#due.push({ at: this.now + ms, order: this.#due.length + this.rounds * 1_000, run });
  }
}

const pick = (list: readonly number[], index: number): number => list[index % list.length] ?? 0;
