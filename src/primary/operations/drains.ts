import type { StopReason } from '../../lifecycle/exit-report.ts';
import type { RolloutRoom } from '../../lifecycle/rollout.ts';
import { isLeaving } from '../../lifecycle/states.ts';
import type { Pool } from '../workers/pool.ts';
import type { WorkerHandle } from '../workers/worker-handle.ts';
import type { OperationContext } from './operation.ts';

/** The workers that one operation retires. It ends when the last of them is gone. */
export class Drains {
  readonly #pool: Pool;
  readonly #retired = new Set<WorkerHandle>();

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  get ended(): boolean {
    return !this.#pool.workers.some((worker) => this.#retired.has(worker));
  }

  retire(worker: WorkerHandle, stopReason: StopReason): void {
    this.#retired.add(worker);
    this.#pool.retire(worker, stopReason);
  }

  /** Retires as many as may leave now. Whether all of them are leaving. */
  retireWithinRoom(workers: readonly WorkerHandle[], stopReason: StopReason): boolean {
    const staying = workers.filter(({ state }) => !isLeaving(state));
    const now = staying.slice(0, Math.max(0, this.#pool.maxDraining - this.#pool.draining));
    for (const worker of now) this.retire(worker, stopReason);
    // Those that leave by themselves, or were retired by another operation, get their deadline if they have none.
    for (const worker of workers) if (isLeaving(worker.state)) this.#pool.retire(worker, stopReason);
    return now.length === staying.length;
  }
}

export function rolloutRoom({ pool, memoryLeftBytes }: Pick<OperationContext, 'pool' | 'memoryLeftBytes'>): RolloutRoom {
  return { maxDraining: pool.maxDraining, draining: pool.draining, memoryLeftBytes: memoryLeftBytes() };
}
