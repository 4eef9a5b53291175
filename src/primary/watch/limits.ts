import type { StopReason } from '../../lifecycle/exit-report.ts';
import { recycleLimits, recycleReason, type RecycleLimits } from '../../lifecycle/recycle-limits.ts';
import { megabytes } from '../../lifecycle/wording.ts';
import { isServing } from '../../lifecycle/states.ts';
import type { Recycler } from '../operations/recycler.ts';
import type { Pool } from '../workers/pool.ts';
import type { WorkerHandle } from '../workers/worker-handle.ts';

const LIFETIME_CHECK_MS = 1_000;

interface LimitsOptions {
  readonly pool: Pool;
  /** Queues the start-first replacement of a worker. */
  readonly recycler: Pick<Recycler, 'recycle'>;
  /** Frees the worker's slot for a new worker immediately. */
  readonly abandon: (worker: WorkerHandle, stopReason: StopReason, reason: string) => void;
}

/** Replaces workers that reach a limit on memory, requests or lifetime. */
export class Limits {
  readonly #options: LimitsOptions;
  readonly #limitsOf = new WeakMap<WorkerHandle, RecycleLimits>();
  #timer: NodeJS.Timeout | null = null;

  constructor(options: LimitsOptions) {
    this.#options = options;
  }

  /** Whether there is a memory limit, so memory must be sampled every second. */
  get onMemory(): boolean {
    const { maxMemoryBytes, maxMemoryKillBytes } = this.#options.pool.spec;
    return maxMemoryBytes !== null || maxMemoryKillBytes !== null;
  }

  /** Applies the current definition. */
  configure(): void {
    this.stop();
    if (this.#options.pool.spec.maxLifetimeMs === null) return;
    this.#timer = setInterval(() => {
      for (const worker of this.#options.pool.workers) this.check(worker);
    }, LIFETIME_CHECK_MS);
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  sampled(worker: WorkerHandle, memoryBytes: number): void {
    const { maxMemoryBytes, maxMemoryKillBytes } = this.#options.pool.spec;
    if (!isServing(worker.state)) return;
    if (maxMemoryKillBytes !== null && memoryBytes > maxMemoryKillBytes) {
      const reason = `it uses ${megabytes(memoryBytes)}, max_memory_kill is ${megabytes(maxMemoryKillBytes)}`;
      worker.end.explain('memory-limit', `killed: it used ${megabytes(memoryBytes)}, max_memory_kill is ${megabytes(maxMemoryKillBytes)}`);
      this.#options.abandon(worker, 'memory-kill', reason);
      worker.kill();
    } else if (maxMemoryBytes !== null && memoryBytes > maxMemoryBytes) {
      this.#options.recycler.recycle(worker, 'memory', `it uses ${megabytes(memoryBytes)}, the limit is ${megabytes(maxMemoryBytes)}`);
    }
  }

  /** Checks requests and lifetime, after each heartbeat and once a second. */
  check(worker: WorkerHandle): void {
    const { pool } = this.#options;
    const { maxRequests, maxLifetimeMs } = pool.spec;
    if ((maxRequests === null && maxLifetimeMs === null) || !isServing(worker.state)) return;
    let limits = this.#limitsOf.get(worker);
    if (limits === undefined) {
      limits = recycleLimits(pool.spec, worker.slot, pool.wanted, Math.random());
      this.#limitsOf.set(worker, limits);
    }
    const requests = worker.meter.last?.requests ?? 0;
    const reason = recycleReason({ requests, uptimeMs: worker.uptimeMs }, limits);
    if (reason === 'requests') this.#options.recycler.recycle(worker, 'requests', `it served ${requests} requests, its limit is ${limits.requests}`);
    if (reason === 'lifetime')
      this.#options.recycler.recycle(worker, 'lifetime', `it reached its max_lifetime of ${Math.round((limits.lifetimeMs ?? 0) / 1000)} s`);
  }
}
