import type { ExitReport } from '../../lifecycle/exit-report.ts';
import type { WorkerState } from '../../lifecycle/states.ts';
import type { ListenQuery } from '../../protocol/worker.ts';
import type { Untaken } from '../door/seat.ts';
import type { WorkerHandle } from './worker-handle.ts';

/** What a worker tells its surroundings. */
export interface WorkerEvents {
  stateChanged(worker: WorkerHandle, from: WorkerState): void;
  /** `direct`: it accepts from this socket no more. */
  released(worker: WorkerHandle, key: string, index: number): void;
  /** It wants to listen; answer with `answerListen`. */
  listen(worker: WorkerHandle, seq: number, query: ListenQuery): void;
  /** The listeners it serves changed. */
  routesChanged(worker: WorkerHandle): void;
  /** It can have another connection: it took its last one, or closed one. */
  free(worker: WorkerHandle): void;
  notTaken(worker: WorkerHandle, connection: Untaken): void;
  said(worker: WorkerHandle, message: unknown): void;
  /** A heartbeat came. */
  beat(worker: WorkerHandle): void;
  /** What its own `prom-client` registry has; null when that could not be read. */
  metrics(worker: WorkerHandle, id: number, text: string | null): void;
  /** The process is gone; its last output may still be on the way. */
  exited(worker: WorkerHandle, code: number | null, signal: string | null): void;
  /** Everything about its end is known. */
  gone(worker: WorkerHandle, report: ExitReport): void;
  drainChanged(worker: WorkerHandle): void;
}
