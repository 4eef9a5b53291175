import type { LbError } from '../../errors/lb-error.ts';
import type { OperationName } from '../../lifecycle/operation-name.ts';
import type { Replacement } from '../../lifecycle/replacement.ts';
import type { ProgressStep } from '../../protocol/control.ts';
import type { Generations } from '../workers/generations.ts';
import type { Pool } from '../workers/pool.ts';
import type { WorkerHandle } from '../workers/worker-handle.ts';

export type Outcome = { readonly ok: true; readonly message: string } | { readonly ok: false; readonly error: LbError };

/** Why a worker that an operation needs has failed. */
export interface WorkerFailure {
  readonly worker: WorkerHandle;
  /** `exit code 1`, `not ready within 30 s`; what a failed canary did. */
  readonly reason: string;
  /** The reason is a predicate: `answered 41 of 43 requests with 5xx, its peers 0 of 80`. */
  readonly isPredicate?: boolean;
  readonly output: readonly string[];
}

/** How the workers of an app are replaced, from its definition and what its processes have open. */
interface ReplacementSource {
  readonly current: Replacement;
  /** What they have open by themselves, as of the last inspection. */
  readonly ownSockets: readonly string[];
  /** Looks at the processes, and at the files of the generations. `current` reflects it when it resolves; then `step` is called. */
  inspect(): Promise<void>;
}

/** What an operation may use. */
export interface OperationContext {
  readonly pool: Pool;
  /** How workers are replaced. */
  readonly replacement: ReplacementSource;
  /** Which workers run what, as of the last inspection. */
  readonly generations: Pick<Generations, 'facts' | 'filesOf' | 'placeOf'>;
  /** What starts the app again after it has ended, as a clause; null if nothing does. */
  revival(): string | null;
  /** Memory that is left on the machine or in the container; null if unknown. */
  memoryLeftBytes(): number | null;
  /** Calls `step` again after this time at the latest. */
  wakeIn(ms: number): void;
  progress(step: ProgressStep, message: string, worker?: WorkerHandle): void;
  /** Whether no connection to an open listener is refused. */
  isAccepting(): boolean;
  /** Readable addresses of the open listeners. */
  listeners(): readonly string[];
  /** The running operation may lose these listeners. @returns those that do not exist. */
  dropListeners(names: readonly string[]): readonly string[];
  /** Refuses connections from now on, and closes those that are waiting for a worker. */
  closeListeners(): void;
  /** Stops accepting connections. Resolves when all connections accepted so far have been handed to workers. */
  shutListeners(): Promise<void>;
  /** Leaves the sockets to another primary. Resolves when all connections accepted so far have been handed to workers. */
  releaseListeners(): Promise<void>;
}

/** A running operation on the app. The supervisor calls `step` after every event. */
export interface Operation {
  readonly kind: OperationName;
  /** Its work is done and cannot be undone; only workers that it retired are still leaving. */
  readonly onlyDrains: boolean;
  /** A worker that ends with 0, and is not restarted, has done what it was started for. */
  readonly endsWithWorkers?: boolean;
  /** A worker that does not listen where its predecessor does has failed. */
  readonly needsListeners?: boolean;
  /** Whether it may begin while others have only their drains left. Called before `begin`. */
  besideDrains?(): boolean;
  begin(): void;
  /** Takes the next steps. Returns null until the operation is done. */
  step(): Outcome | null;
  /** Whether the supervisor must not refill this slot. */
  holds(slot: number): boolean;
  /** Whether it needs this worker. If that worker fails, `failed` is called before the slot is refilled. */
  claims(worker: WorkerHandle): boolean;
  failed(failure: WorkerFailure): void;
  /** Ends the operation as soon as that is safe. */
  abort(reason: string): void;
  /** The operator repeated the request: skip one waiting period, or all of them with `atOnce`. */
  skipAhead?(atOnce: boolean): void;
}

export function describeFailure({ worker, reason, isPredicate = false }: WorkerFailure): string {
  if (isPredicate) return `worker ${worker.slot} of generation ${worker.generation} ${reason}`;
  return `worker ${worker.slot} (pid ${worker.pid}): ${reason}`;
}
