import type { RecycleReason } from '../../lifecycle/recycle-limits.ts';
import type { EmitEvent } from '../../protocol/event.ts';
import type { WorkerHandle } from '../workers/worker-handle.ts';
import type { OperationRunner } from './operation-runner.ts';
import type { OperationContext } from './operation.ts';
import { RecycleOperation } from './recycle.ts';

/** Delay before a failed replacement is tried again. Without it, a broken new version would be started every second. */
const RECYCLE_AGAIN_MS = 30_000;

interface RecyclerOptions {
  readonly context: OperationContext;
  readonly runner: OperationRunner;
  readonly event: EmitEvent;
}

/** Queues the replacement of workers that reached a limit or stayed unhealthy. */
export class Recycler {
  readonly #options: RecyclerOptions;
  readonly #recycling = new WeakSet<WorkerHandle>();

  constructor(options: RecyclerOptions) {
    this.#options = options;
  }

  recycle(worker: WorkerHandle, stopReason: RecycleReason, reason: string): void {
    const { context, runner, event } = this.#options;
    if (this.#recycling.has(worker)) return;
    this.#recycling.add(worker);
    event('recycle', `replacing worker ${worker.slot}: ${reason}`, worker, { stopReason, reason });
    runner.submit('recycle', false, () => new RecycleOperation(context, worker, stopReason), {
      progress: () => {},
      done: ({ ok }) => void setTimeout(() => this.#recycling.delete(worker), ok ? 0 : RECYCLE_AGAIN_MS).unref(),
    });
  }
}
