import type { AskedBy } from '../../lifecycle/exit-report.ts';
import type { EmitEvent } from '../../protocol/event.ts';
import type { WorkerHandle } from '../workers/worker-handle.ts';
import type { OperationRunner } from './operation-runner.ts';
import type { OperationContext } from './operation.ts';
import { RecycleOperation } from './recycle.ts';

/** A worker that could not be replaced is tried again after this long: a new version that fails would else be started each second. */
const RECYCLE_AGAIN_MS = 30_000;

interface RecyclerOptions {
  readonly context: OperationContext;
  readonly runner: OperationRunner;
  readonly event: EmitEvent;
}

/** Has workers replaced that reached a limit or stayed unwell: one after the other, through the queue of operations. */
export class Recycler {
  readonly #options: RecyclerOptions;
  readonly #underWay = new WeakSet<WorkerHandle>();

  constructor(options: RecyclerOptions) {
    this.#options = options;
  }

  recycle(worker: WorkerHandle, askedBy: AskedBy, reason: string): void {
    const { context, runner, event } = this.#options;
    if (this.#underWay.has(worker)) return;
    this.#underWay.add(worker);
    event('recycle', `worker ${worker.slot} is replaced: ${reason}`, worker, { askedBy, reason });
    runner.submit('recycle', false, () => new RecycleOperation(context, worker, askedBy), {
      progress: () => {},
      done: ({ ok }) => void setTimeout(() => this.#underWay.delete(worker), ok ? 0 : RECYCLE_AGAIN_MS).unref(),
    });
  }
}
