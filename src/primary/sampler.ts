import { now } from '../system/clock.ts';
import type { UsageSampler } from '../system/usage.ts';
import type { WorkerHandle } from './worker-handle.ts';

/** With a memory limit each second; without one, often enough for pidusage to have a base (10 s) when `lb list` asks. */
const LIMITED_EVERY_MS = 1_000;
const IDLE_EVERY_MS = 9_000;

interface SamplerOptions {
  readonly usage: UsageSampler;
  readonly workers: () => readonly WorkerHandle[];
  /** There is a limit to watch. */
  readonly limited: () => boolean;
  readonly sampled: (worker: WorkerHandle, memoryBytes: number) => void;
}

/** The one timer that reads CPU and memory of all workers. */
export class Sampler {
  readonly #options: SamplerOptions;
  #timer: NodeJS.Timeout | null = null;
  #sampledAt = Number.NEGATIVE_INFINITY;

  constructor(options: SamplerOptions) {
    this.#options = options;
  }

  start(): void {
    const { limited } = this.#options;
    this.#timer = setTimeout(
      () => void this.sample().finally(() => this.start()),
      limited() ? LIMITED_EVERY_MS : IDLE_EVERY_MS,
    );
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  /** Somebody looks: waits for values only when there are none yet; else new ones are there at the next look. */
  async refresh(): Promise<void> {
    if (now() - this.#sampledAt < LIMITED_EVERY_MS) return;
    const sampled = this.sample();
    if (this.#options.workers().some((worker) => worker.meter.memoryBytes === null)) await sampled;
  }

  async sample(): Promise<void> {
    this.#sampledAt = now();
    const workers = this.#options.workers();
    const usages = await this.#options.usage.sample(workers.map((worker) => worker.pid));
    for (const worker of workers) {
      const usage = usages.get(worker.pid);
      if (usage === undefined) continue;
      worker.meter.sampled(usage, now());
      this.#options.sampled(worker, usage.memoryBytes);
    }
  }
}
