import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planRollout, type Rollout, type RolloutPlan, type RolloutRoom, type RolloutSlot, type RolloutWorker } from '../../src/lifecycle/rollout.ts';
import type { WorkerState } from '../../src/lifecycle/states.ts';
import { RolloutSimulation, type World } from './rollout-simulation.ts';

const rollout = (changes: Partial<Rollout> = {}): Rollout => ({
  cutId: 3,
  slots: [0, 1, 2],
  parallel: 1,
  monitorMs: 1_000,
  allAtOnce: false,
  stopFirst: false,
  onTrial: null,
  givenUp: new Set(),
  ...changes,
});
const old = (id: number, state: WorkerState = 'ready'): RolloutWorker => ({ id, state, readyForMs: 60_000, memoryBytes: null });
const fresh = (id: number, readyForMs: number | null): RolloutWorker => ({
  id,
  state: readyForMs === null ? 'starting' : 'ready',
  readyForMs,
  memoryBytes: null,
});
const slots = (...workers: readonly (readonly RolloutWorker[])[]): RolloutSlot[] => workers.map((list, slot) => ({ slot, workers: list, awaitsReport: false }));

/** With room for one worker that leaves, unless something else is said. */
function plan(facts: readonly RolloutSlot[], options: Rollout, room: Partial<RolloutRoom> = {}): RolloutPlan {
  const draining = facts.flatMap(({ workers }) => workers).filter(({ state }) => state === 'draining' || state === 'stopping').length;
  return planRollout(facts, options, { maxDraining: 1, draining, memoryLeftBytes: null, ...room });
}

describe('planRollout', () => {
  it('sends the first slot ahead alone, whatever may go at a time', () => {
    const planned = plan(slots([old(1)], [old(2)], [old(3)]), rollout({ parallel: 3 }));
    expect(planned).toEqual({ steps: [{ do: 'fork', slot: 0 }], replaced: false, done: false, wakeInMs: null });
  });

  it('waits for a worker that starts, and watches one that is ready', () => {
    expect(plan(slots([old(1), fresh(4, null)], [old(2)], [old(3)]), rollout())).toEqual({ steps: [], replaced: false, done: false, wakeInMs: null });
    expect(plan(slots([old(1), fresh(4, 400)], [old(2)], [old(3)]), rollout())).toEqual({ steps: [], replaced: false, done: false, wakeInMs: 600 });
  });

  it('waits for the trial of the canary, however long that has been ready', () => {
    const facts = slots([old(1), fresh(4, 5_000)], [old(2)], [old(3)]);
    expect(plan(facts, rollout({ onTrial: 4 }))).toEqual({ steps: [], replaced: false, done: false, wakeInMs: null });
    expect(plan(slots([fresh(4, 5_000)], [old(2)], [old(3)]), rollout({ onTrial: 4, stopFirst: true })).steps).toEqual([]);
    expect(plan(facts, rollout()).steps).toEqual([{ do: 'retire', slot: 0, id: 1 }]);
  });

  it('retires the old one after the monitor window, and begins the next slot when it is gone', () => {
    const passed = plan(slots([old(1), fresh(4, 1_000)], [old(2)], [old(3)]), rollout());
    expect(passed.steps).toEqual([{ do: 'retire', slot: 0, id: 1 }]);
    const draining = plan(slots([old(1, 'draining'), fresh(4, 1_500)], [old(2)], [old(3)]), rollout());
    expect(draining.steps).toEqual([]);
    const gone = plan(slots([fresh(4, 2_000)], [old(2)], [old(3)]), rollout());
    expect(gone.steps).toEqual([{ do: 'fork', slot: 1 }]);
  });

  it('widens to as many slots as it may after the canary', () => {
    const planned = plan(slots([fresh(4, 2_000)], [old(2)], [old(3)]), rollout({ parallel: 2 }));
    expect(planned.steps).toEqual([
      { do: 'fork', slot: 1 },
      { do: 'fork', slot: 2 },
    ]);
  });

  it('counts slots whose old worker is on its way out', () => {
    const leaving = slots([fresh(4, 2_000)], [fresh(5, 1_500), old(2, 'draining')], [old(3)], [old(10)]);
    const planned = plan(leaving, rollout({ cutId: 3, slots: [0, 1, 2], parallel: 1 }));
    expect(planned.steps).toEqual([]);
    expect(plan(leaving, rollout({ cutId: 3, slots: [0, 1, 2], parallel: 1 }), { maxDraining: 2 }).steps).toEqual([{ do: 'fork', slot: 2 }]);
  });

  it('is done when every slot has a new worker and no old one is left', () => {
    const almost = slots([fresh(4, 5_000)], [fresh(5, 5_000)], [old(3, 'stopping'), fresh(6, 1_000)]);
    expect(plan(almost, rollout())).toEqual({ steps: [], replaced: true, done: false, wakeInMs: null });
    expect(plan(slots([fresh(4, 5_000)], [fresh(5, 5_000)], [fresh(6, 1_000)]), rollout()).done).toBe(true);
    expect(plan(slots([old(1)]), rollout({ slots: [] })).done).toBe(true);
  });

  it('starts nothing until it is told how a new worker that exited has ended', () => {
    for (const stopFirst of [false, true]) {
      const [first, ...others] = slots([...(stopFirst ? [] : [old(1)]), { ...fresh(4, null), state: 'exited' }], [old(2)], [old(3)]);
      const facts = [...(first === undefined ? [] : [{ ...first, awaitsReport: true }]), ...others];
      expect(plan(facts, rollout({ stopFirst })).steps).toEqual([]);
      expect(plan(facts, rollout({ stopFirst, givenUp: new Set([0]) })).steps).not.toEqual([]);
    }
  });

  it('begins again in a slot whose new worker died; the old one has not left', () => {
    expect(plan(slots([old(1)], [old(2)], [old(3)]), rollout({ cutId: 3 })).steps).toEqual([{ do: 'fork', slot: 0 }]);
    const second = slots([fresh(4, 9_000)], [old(2), { ...fresh(5, null), state: 'exited' }], [old(3)]);
    expect(plan(second, rollout()).steps).toEqual([{ do: 'fork', slot: 1 }]);
  });

  it('leaves given-up slots and those that it was not asked for alone', () => {
    const planned = plan(slots([old(1)], [old(2)], [old(3)]), rollout({ slots: [0, 1], givenUp: new Set([0]) }));
    expect(planned.steps).toEqual([{ do: 'fork', slot: 1 }]);
    expect(plan(slots([old(1)], [fresh(5, 2_000)], [old(3)]), rollout({ slots: [0, 1], givenUp: new Set([0]) })).done).toBe(true);
  });

  it('retires every old worker of a slot, one that is still starting too', () => {
    const planned = plan(slots([old(1), { ...old(2, 'starting'), readyForMs: null }, fresh(4, 1_000)]), rollout(), { maxDraining: 2 });
    expect(planned.steps).toEqual([
      { do: 'retire', slot: 0, id: 1 },
      { do: 'retire', slot: 0, id: 2 },
    ]);
  });

  it('begins the next slot while old workers leave, up to as many as may', () => {
    const two = slots([fresh(4, 2_000), old(1, 'draining')], [fresh(5, 1_000), old(2)], [old(3)]);
    expect(plan(two, rollout(), { maxDraining: 3 }).steps).toEqual([
      { do: 'retire', slot: 1, id: 2 },
      { do: 'fork', slot: 2 },
    ]);
    expect(plan(two, rollout(), { maxDraining: 2 }).steps).toEqual([{ do: 'retire', slot: 1, id: 2 }]);
    expect(plan(two, rollout(), { maxDraining: 1 })).toMatchObject({ steps: [], replaced: false });
  });

  it('counts workers of other operations that leave', () => {
    const begun = slots([fresh(4, 2_000), old(1)], [old(2)], [old(3)]);
    expect(plan(begun, rollout(), { maxDraining: 3, draining: 2 }).steps).toEqual([{ do: 'retire', slot: 0, id: 1 }]);
    expect(plan(begun, rollout(), { maxDraining: 3, draining: 3 }).steps).toEqual([]);
  });

  it('waits for memory while something leaves: a new worker needs what its predecessor has', () => {
    const heavy = (worker: RolloutWorker, memoryBytes = 100): RolloutWorker => ({ ...worker, memoryBytes });
    const draining = slots([fresh(4, 2_000), heavy(old(1, 'draining'))], [heavy(old(2))], [heavy(old(3))]);
    expect(plan(draining, rollout(), { maxDraining: 3, memoryLeftBytes: 99 })).toEqual({ steps: [], replaced: false, done: false, wakeInMs: 1_000 });
    expect(plan(draining, rollout(), { maxDraining: 3, memoryLeftBytes: 100 }).steps).toEqual([{ do: 'fork', slot: 1 }]);
    const growing = slots([fresh(4, 2_000)], [heavy(old(2)), heavy(fresh(5, null), 30)], [heavy(old(3))]);
    const both = rollout({ parallel: 2 });
    expect(plan(growing, both, { maxDraining: 3, memoryLeftBytes: 169 }).steps).toEqual([]);
    expect(plan(growing, both, { maxDraining: 3, memoryLeftBytes: 170 }).steps).toEqual([{ do: 'fork', slot: 2 }]);
    const nothingLeaves = slots([heavy(old(1))], [heavy(old(2))], [heavy(old(3))]);
    expect(plan(nothingLeaves, rollout(), { maxDraining: 3, memoryLeftBytes: 0 }).steps).toEqual([{ do: 'fork', slot: 0 }]);
  });

  it('all at once: begins everywhere and retires nothing before the last one passed', () => {
    const all = rollout({ allAtOnce: true });
    expect(plan(slots([old(1)], [old(2)], [old(3)]), all).steps).toHaveLength(3);
    const early = slots([old(1), fresh(4, 5_000)], [old(2), fresh(5, 5_000)], [old(3), fresh(6, 999)]);
    expect(plan(early, all)).toEqual({ steps: [], replaced: false, done: false, wakeInMs: 1 });
    const passed = slots([old(1), fresh(4, 5_000)], [old(2), fresh(5, 5_000)], [old(3), fresh(6, 1_000)]);
    expect(plan(passed, all).steps.map((step) => step.do)).toEqual(['retire', 'retire', 'retire']);
  });
});

describe('planRollout, stop-first', () => {
  const stopFirst = (changes: Partial<Rollout> = {}): Rollout => rollout({ stopFirst: true, ...changes });
  const three = (...first: readonly RolloutWorker[]): RolloutSlot[] => slots(first, [old(2)], [old(3)]);

  it('retires the old worker of the first slot, starts the new one when nothing of it is left, and then goes on', () => {
    expect(plan(three(old(1)), stopFirst({ parallel: 3 }), { maxDraining: 3 }).steps).toEqual([{ do: 'retire', slot: 0, id: 1 }]);
    expect(plan(three(old(1, 'draining')), stopFirst(), { maxDraining: 3 }).steps).toEqual([]);
    expect(plan(three(old(1, 'exited')), stopFirst(), { maxDraining: 3 }).steps).toEqual([]);
    expect(plan(three(), stopFirst()).steps).toEqual([{ do: 'fork', slot: 0 }]);
    expect(plan(three(fresh(4, 400)), stopFirst())).toEqual({ steps: [], replaced: false, done: false, wakeInMs: 600 });
    expect(plan(three(fresh(4, 1_000)), stopFirst()).steps).toEqual([{ do: 'retire', slot: 1, id: 2 }]);
    expect(plan(slots([fresh(4, 2_000)], [fresh(5, 2_000)], [fresh(6, 1_000)]), stopFirst())).toMatchObject({ replaced: true, done: true });
  });

  it('has as many slots under way as may go at a time, and as many leaving as may leave', () => {
    const begun = slots([fresh(4, 2_000)], [old(2)], [old(3)]);
    expect(plan(begun, stopFirst({ parallel: 2 }), { maxDraining: 3 }).steps).toHaveLength(2);
    expect(plan(begun, stopFirst({ parallel: 2 }), { maxDraining: 1 }).steps).toHaveLength(1);
    expect(plan(begun, stopFirst({ parallel: 2 }), { maxDraining: 2, draining: 2 }).steps).toEqual([]);
    expect(plan(slots([fresh(4, 2_000)], [fresh(5, null)], [old(3)]), stopFirst(), { maxDraining: 3 }).steps).toEqual([]);
  });

  it('all at once: retires everywhere, and starts each slot that is empty', () => {
    const all = stopFirst({ allAtOnce: true });
    expect(plan(three(old(1)), all).steps.map((step) => step.do)).toEqual(['retire', 'retire', 'retire']);
    expect(plan(slots([], [old(2, 'stopping')], []), all).steps).toEqual([
      { do: 'fork', slot: 0 },
      { do: 'fork', slot: 2 },
    ]);
  });
});

const ms = (max: number) => fc.array(fc.integer({ min: 1, max }), { minLength: 1, maxLength: 8 });
const shape = {
  slotCount: fc.integer({ min: 1, max: 8 }),
  parallel: fc.integer({ min: 1, max: 9 }),
  maxDraining: fc.integer({ min: 1, max: 9 }),
  monitorMs: fc.constantFrom(0, 1, 100, 1_000),
  allAtOnce: fc.boolean(),
};
const world = fc.record<World>({ bootMs: ms(5_000), drainMs: ms(40_000), crashes: fc.constant([]) });
const crashes = fc.uniqueArray(fc.record({ fork: fc.nat(12), afterMs: fc.nat(6_000) }), { maxLength: 6, selector: (crash) => crash.fork });
const hostileWorld = fc.record<World>({ bootMs: ms(5_000), drainMs: ms(40_000), crashes });

interface Shape {
  readonly slotCount: number;
  readonly parallel: number;
  readonly maxDraining: number;
  readonly monitorMs: number;
  readonly allAtOnce: boolean;
  readonly stopFirst?: boolean;
}

function simulate({ slotCount, stopFirst = false, ...options }: Shape, around: World): RolloutSimulation {
  return new RolloutSimulation(slotCount, { ...options, stopFirst }, around);
}

/** Runs to the end; every round must leave the simulation as `check` wants it. */
function runChecked(simulation: RolloutSimulation, check: (retired: readonly { slot: number; id: number }[]) => void): void {
  simulation.onPlan = (plan) => {
    if (!isDeepStrictEqual(planRollout(simulation.facts, simulation.rollout, simulation.room), plan)) expect.unreachable('the same facts lead to another plan');
    check(plan.steps.flatMap((step) => (step.do === 'retire' ? [step] : [])));
    if (simulation.rounds > 2_000) expect.unreachable('it does not come to an end');
  };
  expect(simulation.run(), 'it must not get stuck').toBe(true);
}

/** The worker that takes over in this slot has been ready for as long as it must. */
function hasPassed(simulation: RolloutSimulation, slot: number): boolean {
  const { cutId, monitorMs } = simulation.rollout;
  return simulation.facts[slot]?.workers.some((w) => w.id > cutId && w.state === 'ready' && (w.readyForMs ?? -1) >= monitorMs) ?? false;
}

describe('a rollout, simulated', () => {
  it('never has fewer workers that take connections than before, at any moment', () => {
    fc.assert(
      fc.property(fc.record(shape), world, (given, around) => {
        const simulation = simulate(given, around);
        let fewest = given.slotCount;
        runChecked(simulation, () => (fewest = Math.min(fewest, simulation.routable)));
        expect(fewest).toBe(given.slotCount);
        expect(simulation.routable).toBe(given.slotCount);
        expect(simulation.slots.every(({ workers }) => workers.length === 1 && (workers[0]?.id ?? 0) > given.slotCount)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it('has no more than `parallel` slots under way, the first one alone, unless all go at once', () => {
    fc.assert(
      fc.property(fc.record({ ...shape, allAtOnce: fc.constant(false) }), world, (given, around) => {
        const simulation = simulate(given, around);
        let [passed, mostTooMany] = [0, 0];
        runChecked(simulation, () => {
          mostTooMany = Math.max(mostTooMany, simulation.underWay - (passed === 0 ? 1 : given.parallel));
          passed = simulation.facts.filter(({ slot }) => hasPassed(simulation, slot)).length;
        });
        expect(mostTooMany).toBe(0);
      }),
      { numRuns: 300 },
    );
  });

  it('stop-first: never has two processes in a slot, empties no more slots than `parallel`, and ends', () => {
    fc.assert(
      fc.property(fc.record({ ...shape, allAtOnce: fc.constant(false) }), fc.oneof(world, hostileWorld), (given, around) => {
        const simulation = simulate({ ...given, stopFirst: true }, around);
        let [mostInSlot, fewest] = [0, given.slotCount];
        runChecked(simulation, () => {
          mostInSlot = Math.max(mostInSlot, ...simulation.slots.map(({ workers }) => workers.length));
          if (simulation.crashed === 0) fewest = Math.min(fewest, simulation.routable);
        });
        expect(mostInSlot).toBe(1);
        expect(fewest).toBeGreaterThanOrEqual(given.slotCount - given.parallel);
        expect(simulation.slots.every(({ workers }) => workers.length === 1 && (workers[0]?.id ?? 0) > given.slotCount)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it('has no more workers that leave, and no more beyond the wanted number, than it may', () => {
    fc.assert(
      fc.property(fc.record({ ...shape, allAtOnce: fc.constant(false) }), world, (given, around) => {
        const simulation = simulate(given, around);
        let [mostLeaving, mostExtra] = [0, 0];
        runChecked(simulation, () => {
          mostLeaving = Math.max(mostLeaving, simulation.draining);
          mostExtra = Math.max(mostExtra, simulation.slots.flatMap(({ workers }) => workers).length - given.slotCount);
        });
        expect(mostLeaving).toBeLessThanOrEqual(given.maxDraining);
        expect(mostExtra).toBeLessThanOrEqual(Math.max(given.maxDraining, given.parallel));
      }),
      { numRuns: 300 },
    );
  });

  it('takes no longer than its starts, one after the other, and one drain, if all may leave together', () => {
    fc.assert(
      fc.property(fc.record({ ...shape, allAtOnce: fc.constant(false), maxDraining: fc.constant(9) }), world, (given, around) => {
        const simulation = simulate(given, around);
        runChecked(simulation, () => {});
        const starts = given.slotCount * (Math.max(...around.bootMs) + given.monitorMs);
        expect(simulation.now).toBeLessThanOrEqual(starts + Math.max(...around.drainMs) + 1);
      }),
      { numRuns: 300 },
    );
  });

  it('retires an old worker only behind a new one that passed, also when new ones crash', () => {
    fc.assert(
      fc.property(fc.record(shape), hostileWorld, (given, around) => {
        const simulation = simulate(given, around);
        runChecked(simulation, (retired) => {
          for (const { slot, id } of retired) {
            expect(id).toBeLessThanOrEqual(simulation.rollout.cutId);
            expect(hasPassed(simulation, slot)).toBe(true);
          }
          expect(simulation.routable).toBeGreaterThanOrEqual(given.slotCount - simulation.crashed);
        });
      }),
      { numRuns: 300 },
    );
  });

  it('all at once: the first retirement comes when every slot has passed', () => {
    fc.assert(
      fc.property(fc.record({ ...shape, allAtOnce: fc.constant(true) }), hostileWorld, (given, around) => {
        const simulation = simulate(given, around);
        let switched = false;
        runChecked(simulation, (retired) => {
          if (retired.length === 0 || switched) return;
          switched = true;
          expect(simulation.slots.every(({ slot }) => hasPassed(simulation, slot))).toBe(true);
          expect(retired).toHaveLength(given.slotCount);
        });
        expect(switched).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});
