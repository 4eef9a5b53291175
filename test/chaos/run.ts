import { setTimeout as delay } from 'node:timers/promises';
import { describeTally, lost } from '../helpers/tally.ts';
import { allowanceOf, commandsMayFail, Judge } from './allowance.ts';
import { checkDescriptors, checkNothingLeft, checkServing, descriptorsOf, settle } from './checks.ts';
import { MACHINE_FAULTS } from './machine-faults.ts';
import { OPERATIONS } from './operations.ts';
import type { Outcome, Perform } from './perform.ts';
import { formatSteps, type Action, type Kind, type Step } from './plan.ts';
import { PROCESS_FAULTS } from './process-faults.ts';
import { World } from './world.ts';

const PERFORM: Readonly<Record<Kind, Perform>> = { ...OPERATIONS, ...PROCESS_FAULTS, ...MACHINE_FAULTS };

/** From the last action's end until all is as it should be. */
const DEADLINE_MS = 30_000;
const AT_FIRST_MS = 15_000;

export interface ChaosRun {
  readonly steps: Iterable<Step>;
  /** No further step begins after so many. */
  readonly maxSteps: number;
  /** No further step begins after this time. */
  readonly maxMs: number;
  /** No further step begins once it is aborted. */
  readonly signal?: AbortSignal;
  /** The plain apps share a primary. */
  readonly shared: boolean;
  readonly say: (line: string) => void;
}

/** Steps one after the other, each with its checks, then those of the end. */
class Run {
  readonly #world: World;
  readonly #judge = new Judge();
  readonly #settledMs = new Map<Kind, number[]>();
  readonly #done: Step[] = [];
  #skipped = 0;

  constructor(private readonly options: ChaosRun) {
    this.#world = new World(options.shared);
  }

  get done(): readonly Step[] {
    return this.#done;
  }

  async go(): Promise<void> {
    const world = this.#world;
    const { steps, maxSteps, maxMs, signal, say } = this.options;
    const startedAt = performance.now();
    await world.start();
    await settle(world, AT_FIRST_MS);
    const descriptors = descriptorsOf(world);
    world.startLoads();
    await checkServing(world);
    for (const step of steps) {
      if (this.#done.length >= maxSteps || performance.now() - startedAt > maxMs || signal?.aborted === true) break;
      this.#done.push(step);
      await this.#step(step);
    }
    await this.#end(descriptors);
    say(this.#summary(performance.now() - startedAt));
  }

  async #step(step: Step): Promise<void> {
    const world = this.#world;
    const startedAt = performance.now();
    const outcomes = await this.#perform(step);
    const performedAt = performance.now();
    await settle(world, DEADLINE_MS);
    await checkServing(world);
    const endedAt = performance.now();
    const allowances = new Map(world.apps.map((app) => [app, allowanceOf(step, app, world.clientsOf(app), world.havePrimaryInCommon)]));
    this.#judge.add({ startedAt, endedAt, allowances });
    const settledMs = endedAt - performedAt;
    for (const { kind } of step) this.#settledMs.set(kind, [...(this.#settledMs.get(kind) ?? []), settledMs]);
    const notes = outcomes.map(({ note }) => note).join('; ');
    this.options.say(`${this.#done.length}. ${formatSteps([step])}: ${notes}; all well ${Math.round(settledMs)} ms later`);
    this.#judgeFailures();
    checkOutcomes(step, outcomes);
  }

  /** All actions of the step, to their ends. */
  async #perform(step: Step): Promise<readonly Outcome[]> {
    const ends: Promise<Outcome>[] = [];
    for (const action of step) {
      await delay(action.afterMs);
      ends.push((await this.#begin(action)).ended);
    }
    const outcomes = await Promise.all(ends);
    this.#skipped += outcomes.filter(({ skipped }) => skipped === true).length;
    return outcomes;
  }

  async #begin(action: Action): Promise<{ readonly ended: Promise<Outcome> }> {
    return PERFORM[action.kind](this.#world, action);
  }

  #judgeFailures(): void {
    const world = this.#world;
    const bad = world.failures.splice(0).filter(({ app, failure }) => !this.#judge.isAllowed(app, failure, world.ended));
    if (bad.length === 0) return;
    const lines = bad.map(
      ({ app, load, failure }) => `  ${app}, ${load}: ${failure.kind}, ${failure.detail}${failure.pid === null ? '' : `, last answered by ${failure.pid}`}`,
    );
    throw new Error(`${bad.length} requests failed that may not fail:\n${lines.slice(0, 12).join('\n')}`);
  }

  async #end(descriptors: ReadonlyMap<string, { readonly count: number }>): Promise<void> {
    const world = this.#world;
    const tallies = await world.stopLoads();
    this.#judgeFailures();
    for (const [app, tally] of tallies) this.options.say(`${app}: ${describeTally({ ...tally, failures: [] })}`);
    await world.lb('scale', 'cluster', '2');
    world.wanted.set('cluster', 2);
    await settle(world, DEADLINE_MS);
    await checkDescriptors(world, descriptors);
    const killed = await world.lb('kill');
    if (killed.code !== 0) throw new Error(`lb kill failed: ${String(killed)}`);
    await checkNothingLeft(world);
    for (const [app, tally] of tallies) if (tally.served === 0) throw new Error(`${app} served nothing, ${lost(tally)} failed: nothing was shown`);
  }

  #summary(tookMs: number): string {
    const kinds = [...this.#settledMs].map(([kind, all]) => `${kind} ${all.length} × (longest ${(Math.max(...all) / 1000).toFixed(1)} s)`);
    const skipped = this.#skipped === 0 ? '' : `, ${this.#skipped} skipped`;
    const actions = this.#done.reduce((sum, step) => sum + step.length, 0);
    return `${this.#done.length} steps, ${actions} actions${skipped} in ${Math.round(tookMs / 1000)} s: ${kinds.join(', ')}`;
  }

  report(): string {
    return this.#world.sandbox.report();
  }

  dispose(): Promise<void> {
    return this.#world.dispose();
  }
}

function checkOutcomes(step: Step, outcomes: readonly Outcome[]): void {
  for (const { failed, commandFailed } of outcomes) {
    if (failed !== undefined) throw new Error(failed);
    if (commandFailed !== undefined && !commandsMayFail(step)) throw new Error(`failed, although nothing else was wrong: ${commandFailed}`);
  }
}

/** A run that came upon a fault of the program, after the steps that led there. */
export class ChaosFailure extends Error {
  constructor(
    readonly steps: readonly Step[],
    message: string,
    readonly report: string,
  ) {
    super(message);
  }
}

/** @throws ChaosFailure */
export async function runChaos(options: ChaosRun): Promise<void> {
  const run = new Run(options);
  try {
    await run.go();
  } catch (thrown) {
    const report = run.report();
    await run.dispose().catch(() => {});
    throw new ChaosFailure(run.done, thrown instanceof Error ? thrown.message : String(thrown), report);
  }
  await run.dispose();
}
