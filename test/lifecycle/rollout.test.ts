import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planRollout, type Rollout, type RolloutSlot, type RolloutWorker } from '../../src/lifecycle/rollout.ts';
import type { WorkerState } from '../../src/lifecycle/states.ts';
import { RolloutSimulation, type World } from './rollout-simulation.ts';

const rollout = (changes: Partial<Rollout> = {}): Rollout => ({
  cutId: 3,
  slots: [0, 1, 2],
  parallel: 1,
  monitorMs: 1_000,
  allAtOnce: false,
  givenUp: new Set(),
  ...changes,
});
const old = (id: number, state: WorkerState = 'ready'): RolloutWorker => ({ id, state, readyForMs: 60_000 });
const fresh = (id: number, readyForMs: number | null): RolloutWorker => ({ id, state: readyForMs === null ? 'starting' : 'ready', readyForMs });
const slots = (...workers: readonly (readonly RolloutWorker[])[]): RolloutSlot[] => workers.map((list, slot) => ({ slot, workers: list }));

describe('planRollout', () => {
  it('sends the first slot ahead alone, whatever may go at a time', () => {
    const plan = planRollout(slots([old(1)], [old(2)], [old(3)]), rollout({ parallel: 3 }));
    expect(plan).toEqual({ steps: [{ do: 'fork', slot: 0 }], done: false, wakeInMs: null });
  });

  it('waits for a worker that starts, and watches one that is ready', () => {
    expect(planRollout(slots([old(1), fresh(4, null)], [old(2)], [old(3)]), rollout())).toEqual({ steps: [], done: false, wakeInMs: null });
    expect(planRollout(slots([old(1), fresh(4, 400)], [old(2)], [old(3)]), rollout())).toEqual({ steps: [], done: false, wakeInMs: 600 });
  });

  it('retires the old one after the monitor window, and begins the next slot when it is gone', () => {
    const passed = planRollout(slots([old(1), fresh(4, 1_000)], [old(2)], [old(3)]), rollout());
    expect(passed.steps).toEqual([{ do: 'retire', slot: 0, id: 1 }]);
    const draining = planRollout(slots([old(1, 'draining'), fresh(4, 1_500)], [old(2)], [old(3)]), rollout());
    expect(draining.steps).toEqual([]);
    const gone = planRollout(slots([fresh(4, 2_000)], [old(2)], [old(3)]), rollout());
    expect(gone.steps).toEqual([{ do: 'fork', slot: 1 }]);
  });

  it('widens to as many slots as it may after the canary', () => {
    const plan = planRollout(slots([fresh(4, 2_000)], [old(2)], [old(3)]), rollout({ parallel: 2 }));
    expect(plan.steps).toEqual([
      { do: 'fork', slot: 1 },
      { do: 'fork', slot: 2 },
    ]);
  });

  it('counts slots whose old worker is on its way out', () => {
    const leaving = slots([fresh(4, 2_000)], [fresh(5, 1_500), old(2, 'draining')], [old(3)], [old(10)]);
    const plan = planRollout(leaving, rollout({ cutId: 3, slots: [0, 1, 2], parallel: 1 }));
    expect(plan.steps).toEqual([]);
    expect(planRollout(leaving, rollout({ cutId: 3, slots: [0, 1, 2], parallel: 2 })).steps).toEqual([{ do: 'fork', slot: 2 }]);
  });

  it('is done when every slot has a new worker and no old one is left', () => {
    const almost = slots([fresh(4, 5_000)], [fresh(5, 5_000)], [old(3, 'stopping'), fresh(6, 1_000)]);
    expect(planRollout(almost, rollout())).toEqual({ steps: [], done: false, wakeInMs: null });
    expect(planRollout(slots([fresh(4, 5_000)], [fresh(5, 5_000)], [fresh(6, 1_000)]), rollout()).done).toBe(true);
    expect(planRollout(slots([old(1)]), rollout({ slots: [] })).done).toBe(true);
  });

  it('begins again in a slot whose new worker died; the old one has not left', () => {
    expect(planRollout(slots([old(1)], [old(2)], [old(3)]), rollout({ cutId: 3 })).steps).toEqual([{ do: 'fork', slot: 0 }]);
    const second = slots([fresh(4, 9_000)], [old(2), { ...fresh(5, null), state: 'exited' }], [old(3)]);
    expect(planRollout(second, rollout()).steps).toEqual([{ do: 'fork', slot: 1 }]);
  });

  it('leaves given-up slots and those that it was not asked for alone', () => {
    const plan = planRollout(slots([old(1)], [old(2)], [old(3)]), rollout({ slots: [0, 1], givenUp: new Set([0]) }));
    expect(plan.steps).toEqual([{ do: 'fork', slot: 1 }]);
    expect(planRollout(slots([old(1)], [fresh(5, 2_000)], [old(3)]), rollout({ slots: [0, 1], givenUp: new Set([0]) })).done).toBe(true);
  });

  it('retires every old worker of a slot, one that is still starting too', () => {
    const plan = planRollout(slots([old(1), { ...old(2, 'starting'), readyForMs: null }, fresh(4, 1_000)]), rollout());
    expect(plan.steps).toEqual([
      { do: 'retire', slot: 0, id: 1 },
      { do: 'retire', slot: 0, id: 2 },
    ]);
  });

  it('all at once: begins everywhere and retires nothing before the last one passed', () => {
    const all = rollout({ allAtOnce: true });
    expect(planRollout(slots([old(1)], [old(2)], [old(3)]), all).steps).toHaveLength(3);
    const early = slots([old(1), fresh(4, 5_000)], [old(2), fresh(5, 5_000)], [old(3), fresh(6, 999)]);
    expect(planRollout(early, all)).toEqual({ steps: [], done: false, wakeInMs: 1 });
    const passed = slots([old(1), fresh(4, 5_000)], [old(2), fresh(5, 5_000)], [old(3), fresh(6, 1_000)]);
    expect(planRollout(passed, all).steps.map((step) => step.do)).toEqual(['retire', 'retire', 'retire']);
  });
});

const ms = (max: number) => fc.array(fc.integer({ min: 1, max }), { minLength: 1, maxLength: 8 });
const shape = {
  slotCount: fc.integer({ min: 1, max: 8 }),
  parallel: fc.integer({ min: 1, max: 9 }),
  monitorMs: fc.constantFrom(0, 1, 100, 1_000),
  allAtOnce: fc.boolean(),
};
const world = fc.record<World>({ bootMs: ms(5_000), drainMs: ms(40_000), crashes: fc.constant([]) });
const crashes = fc.uniqueArray(fc.record({ fork: fc.nat(12), afterMs: fc.nat(6_000) }), { maxLength: 6, selector: (crash) => crash.fork });
const hostileWorld = fc.record<World>({ bootMs: ms(5_000), drainMs: ms(40_000), crashes });

interface Shape {
  readonly slotCount: number;
  readonly parallel: number;
  readonly monitorMs: number;
  readonly allAtOnce: boolean;
}

function simulate({ slotCount, ...options }: Shape, around: World): RolloutSimulation {
  return new RolloutSimulation(slotCount, options, around);
}

/** Runs to the end; every round must leave the simulation as `check` wants it. */
function runChecked(simulation: RolloutSimulation, check: (retired: readonly { slot: number; id: number }[]) => void): void {
  simulation.onPlan = (plan) => {
    if (!isDeepStrictEqual(planRollout(simulation.facts, simulation.rollout), plan)) expect.unreachable('the same facts lead to another plan');
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
