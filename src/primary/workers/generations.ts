import { fileState, groupByGeneration, type FileState, type GenerationFacts, type ScriptFile } from '../../lifecycle/generations.ts';
import { isEnded, isLeaving } from '../../lifecycle/states.ts';
import { now } from '../../system/clock.ts';
import { withDeadline } from '../../system/deadline.ts';
import type { CodePlace, Pool } from './pool.ts';
import type { WorkerHandle, WorkerObserver } from './worker-handle.ts';

/** A file system that does not answer must not hold up an operation. */
const CHECK_WITHIN_MS = 1_000;
const CHECK_AGAIN_MS = 1_000;

/** Follows the links of a definition's paths. Null if nothing is there. */
export type FindScript = (script: string, cwd: string) => Promise<ScriptFile | null>;

interface Begun {
  readonly place: CodePlace;
  readonly file: Promise<ScriptFile | null>;
  state: FileState;
  /** Of the file, once it is known. */
  real: CodePlace | null;
}

/** Knows from which files each generation was started, and what became of them. */
export class Generations implements WorkerObserver {
  readonly #pool: Pick<Pool, 'slots' | 'workers' | 'wanted' | 'generation'>;
  readonly #find: FindScript;
  readonly #begun = new Map<number, Begun>();
  #checkedAt = Number.NEGATIVE_INFINITY;

  constructor(pool: Pick<Pool, 'slots' | 'workers' | 'wanted' | 'generation'>, find: FindScript) {
    this.#pool = pool;
    this.#find = find;
  }

  /** The generation of each slot, newest first. A slot between two workers counts as what is about to be started. */
  get facts(): readonly GenerationFacts[] {
    const { slots, wanted, generation } = this.#pool;
    const running = slots.flatMap(({ index, workers, restart }) => {
      const current = workers.filter(({ state }) => !isLeaving(state));
      if (index >= wanted || (current.length === 0 && isEnded(restart.phase))) return [];
      return current.length === 0 ? [{ slot: index, generation }] : current;
    });
    return groupByGeneration(running, (one) => this.filesOf(one));
  }

  /** As of the last check. */
  filesOf(generation: number): FileState {
    return this.#begun.get(generation)?.state ?? 'same';
  }

  /** Where its files really are; null if that is not known. */
  placeOf(generation: number): CodePlace | null {
    return this.#begun.get(generation)?.real ?? null;
  }

  onForked({ generation, spec: { script, cwd } }: WorkerHandle): void {
    if (this.#begun.has(generation)) return;
    const begun: Begun = { place: { script, cwd }, file: this.#find(script, cwd), state: 'same', real: null };
    this.#begun.set(generation, begun);
    void begun.file.then((file) => {
      begun.real = file;
    });
  }

  onClose(): void {
    for (const generation of this.#begun.keys()) if (this.#isPast(generation)) this.#begun.delete(generation);
  }

  /** Checks the files. */
  async check(): Promise<void> {
    this.#checkedAt = now();
    await Promise.all([...this.#begun.values()].map((begun) => withDeadline(this.#checkFiles(begun), CHECK_WITHIN_MS)));
  }

  /** For those who ask often and do not wait. */
  checkSoon(): void {
    if (now() - this.#checkedAt >= CHECK_AGAIN_MS) void this.check();
  }

  async #checkFiles(begun: Begun): Promise<void> {
    const then = await begun.file;
    if (then === null) return;
    const { script, cwd } = begun.place;
    const [leadsTo, there] = await Promise.all([this.#find(script, cwd), this.#find(then.script, then.cwd)]);
    begun.state = fileState(then, leadsTo, there);
  }

  /** A reload may still go back to the generation before the newest. */
  #isPast(generation: number): boolean {
    return generation < this.#pool.generation - 1 && !this.#pool.workers.some((worker) => worker.generation === generation);
  }
}
