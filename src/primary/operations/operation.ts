import type { LbError } from '../../errors/lb-error.ts';
import type { OperationName } from '../../lifecycle/operation-name.ts';
import type { ProgressStep } from '../../protocol/control.ts';
import type { Pool } from '../workers/pool.ts';
import type { WorkerHandle } from '../workers/worker-handle.ts';

export type Outcome = { readonly ok: true; readonly message: string } | { readonly ok: false; readonly error: LbError };

/** Why a worker that an operation counts on is of no use to it. */
export interface WorkerFailure {
  readonly worker: WorkerHandle;
  /** `exit code 1`, `not ready within 30 s`. */
  readonly reason: string;
  readonly output: readonly string[];
}

/** What an operation works with. */
export interface OperationContext {
  readonly pool: Pool;
  /** Looks again after this time at the latest. */
  wakeIn(ms: number): void;
  progress(step: ProgressStep, message: string, worker?: WorkerHandle): void;
  /** Listening sockets that no worker uses any more can be closed. */
  closeUnusedListeners(): void;
  /** From now on connections are refused; what waits for a worker is cut. */
  closeListeners(): void;
  /** Refuses connections soon; resolves when all that came before are with the workers. */
  shutListeners(): Promise<void>;
}

/** One order under way. It holds what it wants; the supervisor's loop calls `step` whenever something happened. */
export interface Operation {
  readonly kind: OperationName;
  /** A second one of the kind that waits is answered together with this one. */
  readonly joinable: boolean;
  begin(): void;
  /** Takes the next steps; null while there is more to wait for. */
  step(): Outcome | null;
  /** This slot is not refilled by the loop. */
  holds(slot: number): boolean;
  /** It counts on this worker, and wants to know why it ended before it is replaced. */
  claims(worker: WorkerHandle): boolean;
  failed(failure: WorkerFailure): void;
  /** Ends it as soon as that is safe. */
  abort(reason: string): void;
  /** The operator asked a second time: waits less; `atOnce` waits for nothing. */
  skipAhead?(atOnce: boolean): void;
}

export function describeFailure({ worker, reason }: WorkerFailure): string {
  return `worker ${worker.slot} (pid ${worker.pid}): ${reason}`;
}
