import type { WorkerKind } from '../../lifecycle/app-spec.ts';
import { clusterWorkers } from './cluster-worker.ts';
import type { CommandRecord } from './command-record.ts';
import { commandWorkers } from './command-worker.ts';
import { plainWorkers } from './plain-worker.ts';
import { startable } from './startable.ts';
import { UnstartedProcess } from './unstarted-process.ts';
import type { StartWorker, WorkerProcessEvents } from './worker-process.ts';

/** Starts workers of every kind. @param preload what Node.js loads before the app */
export function workerStarter(preload: () => string, commands: CommandRecord): StartWorker {
  const starters: Readonly<Record<WorkerKind, StartWorker>> = {
    cluster: clusterWorkers(preload),
    plain: plainWorkers(preload),
    command: commandWorkers(commands),
  };
  return (launch, given) => {
    // The system blames the program for whatever was missing.
    const events: WorkerProcessEvents = { ...given, startFailed: (error) => given.startFailed(new Error(startable.problem(launch.spec) ?? error.message)) };
    try {
      return starters[launch.spec.kind](launch, events);
    } catch (error) {
      return new UnstartedProcess(error instanceof Error ? error : new Error(String(error)), events);
    }
  };
}
