import type { AppSnapshot, WorkerHealth, WorkerSnapshot } from './snapshot.ts';

/** What `lb list` shows of an app; with hundreds of workers, a small part of the snapshot. */
export type ListedApp = Pick<
  AppSnapshot,
  | 'name'
  | 'namespace'
  | 'state'
  | 'instances'
  | 'ids'
  | 'ready'
  | 'node'
  | 'uptimeMs'
  | 'restarts'
  | 'recycles'
  | 'cpuPercent'
  | 'memoryBytes'
  | 'connections'
  | 'requestsPerSecond'
  | 'listeners'
  | 'unserved'
  | 'expectedPort'
  | 'generationNote'
  | 'queued'
  | 'panic'
  | 'troubledSlots'
  | 'lowLimits'
  | 'lastFailure'
  | 'nextTickAt'
  | 'autoscaling'
  | 'operation'
  | 'queuedOperations'
  | 'error'
  | 'program'
> & {
  /** Only workers that are not ready, or reported drain. */
  readonly workers: readonly Pick<WorkerSnapshot, 'slot' | 'pid' | 'state' | 'blockers' | 'withdrawn'>[];
  /** Only workers with causes for an ejection. */
  readonly health: readonly Pick<WorkerHealth, 'pid' | 'causes'>[];
};

export function listedApp(snapshot: AppSnapshot): ListedApp {
  const { name, state, instances, ready, node, uptimeMs, restarts, cpuPercent, memoryBytes, connections, requestsPerSecond } = snapshot;
  const { listeners, unserved, expectedPort, generationNote, queued, panic, troubledSlots, recycles, lowLimits, lastFailure } = snapshot;
  const { namespace, nextTickAt, autoscaling, operation, queuedOperations, error, program, ids } = snapshot;
  return {
    name,
    ...(namespace === undefined ? {} : { namespace }),
    state,
    instances,
    ...(ids === undefined ? {} : { ids }),
    ready,
    node,
    uptimeMs,
    restarts,
    ...(recycles === undefined ? {} : { recycles }),
    cpuPercent,
    memoryBytes,
    connections,
    requestsPerSecond,
    listeners,
    unserved,
    expectedPort,
    generationNote,
    queued,
    panic,
    troubledSlots,
    ...(lowLimits === undefined ? {} : { lowLimits }),
    ...(lastFailure === undefined ? {} : { lastFailure }),
    ...(nextTickAt === undefined ? {} : { nextTickAt }),
    autoscaling,
    operation,
    queuedOperations,
    error,
    ...(program === undefined ? {} : { program }),
    workers: snapshot.workers
      .filter((worker) => worker.state !== 'ready' || worker.withdrawn !== null)
      .map(({ slot, pid, state: its, blockers, withdrawn }) => ({ slot, pid, state: its, blockers, withdrawn })),
    health: snapshot.health.filter(({ causes }) => causes.length > 0).map(({ pid, causes }) => ({ pid, causes })),
  };
}
