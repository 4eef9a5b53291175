import { now } from '../../system/clock.ts';
import type { UsageSampler } from '../../system/usage.ts';
import type { Pool } from '../workers/pool.ts';
import type { WorkerHandle, WorkerObserver } from '../workers/worker-handle.ts';
import type { Limits } from './limits.ts';

const EVERY_MS = 1_000;

/** Reads CPU and memory of processes. */
export type UsageSource = Pick<UsageSampler, 'sample' | 'ofTree' | 'forget'>;

interface SamplerOptions {
  readonly usage: UsageSource;
  readonly pool: Pick<Pool, 'workers'>;
  readonly limits: Pick<Limits, 'onMemory' | 'sampled'>;
}

/**
 * Reads CPU and memory of workers from outside: every second for all workers if there is a memory limit, otherwise on demand
 * for workers whose heartbeats are missing.
 */
export class Sampler implements WorkerObserver {
  readonly #options: SamplerOptions;
  #timer: NodeJS.Timeout | null = null;
  #sampledAt = Number.NEGATIVE_INFINITY;

  constructor(options: SamplerOptions) {
    this.#options = options;
  }

  onSpecChanged(): void {
    this.stop();
    if (this.#options.limits.onMemory) this.#plan();
  }

  onExit(worker: WorkerHandle): void {
    this.#options.usage.forget(worker.pid);
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  /** Refreshes the values of workers whose heartbeats are missing. Waits for the result only if a worker has no value yet. */
  async refresh(): Promise<void> {
    const at = now();
    const unreported = this.#workers.filter(({ meter }) => !meter.reports(at));
    if (unreported.length === 0 || at - this.#sampledAt < EVERY_MS) return;
    this.#sampledAt = at;
    const sampled = this.#sample(unreported);
    if (unreported.some(({ meter }) => meter.memoryBytes === null)) await sampled;
  }

  get #workers(): readonly WorkerHandle[] {
    return this.#options.pool.workers.filter(({ state }) => state !== 'exited');
  }

  #plan(): void {
    const timer = setTimeout(() => {
      void this.#sample(this.#workers).finally(() => {
        if (this.#timer === timer) this.#plan();
      });
    }, EVERY_MS);
    this.#timer = timer;
  }

  async #sample(workers: readonly WorkerHandle[]): Promise<void> {
    const { usage } = this.#options;
    const single = await usage.sample(workers.filter(({ channel }) => !channel.countsTree).map(({ pid }) => pid));
    for (const worker of workers) {
      const used = worker.channel.countsTree ? usage.ofTree(worker.pid) : single.get(worker.pid);
      if (used === undefined || used === null) continue;
      worker.meter.sampled(used, now());
      this.#options.limits.sampled(worker, used.memoryBytes);
    }
  }
}
