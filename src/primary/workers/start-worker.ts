import type { WorkerKind } from '../../lifecycle/app-spec.ts';
import { clusterWorkers } from './cluster-worker.ts';
import { plainWorkers } from './plain-worker.ts';
import type { StartWorker } from './worker-process.ts';

/** Starts workers of every kind. @param preload what each loads before the app */
export function workerStarter(preload: string): StartWorker {
  const starters: Readonly<Record<WorkerKind, StartWorker>> = { cluster: clusterWorkers(preload), plain: plainWorkers(preload) };
  return (launch, events) => starters[launch.spec.kind](launch, events);
}
