import { now } from '../../system/clock.ts';
import type { UsageSampler } from '../../system/usage.ts';
import type { WorkerHandle } from '../workers/worker-handle.ts';

const EVERY_MS = 1_000;

interface SamplerOptions {
  readonly usage: UsageSampler;
  readonly workers: () => readonly WorkerHandle[];
  readonly sampled: (worker: WorkerHandle, memoryBytes: number) => void;
}

/** Reads CPU and memory of workers from outside: each second where a limit on memory has to be kept, else of those that do not tell themselves. */
export class Sampler {
  readonly #options: SamplerOptions;
  #timer: NodeJS.Timeout | null = null;
  #sampledAt = Number.NEGATIVE_INFINITY;

  constructor(options: SamplerOptions) {
    this.#options = options;
  }

  /** @param limited there is a limit to watch. */
  configure(limited: boolean): void {
    this.stop();
    if (limited) this.#plan();
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  /** Somebody looks: waits for the values of workers of whom nothing is known yet. */
  async refresh(): Promise<void> {
    const at = now();
    const silent = this.#options.workers().filter(({ meter }) => !meter.tells(at));
    if (silent.length === 0 || at - this.#sampledAt < EVERY_MS) return;
    this.#sampledAt = at;
    const sampled = this.#sample(silent);
    if (silent.some(({ meter }) => meter.memoryBytes === null)) await sampled;
  }

  #plan(): void {
    const timer = setTimeout(() => {
      void this.#sample(this.#options.workers()).finally(() => {
        if (this.#timer === timer) this.#plan();
      });
    }, EVERY_MS);
    this.#timer = timer;
  }

  async #sample(workers: readonly WorkerHandle[]): Promise<void> {
    const usages = await this.#options.usage.sample(workers.map((worker) => worker.pid));
    for (const worker of workers) {
      const usage = usages.get(worker.pid);
      if (usage === undefined) continue;
      worker.meter.sampled(usage, now());
      this.#options.sampled(worker, usage.memoryBytes);
    }
  }
}
