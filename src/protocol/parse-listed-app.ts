import { APP_STATES, WORKER_STATES } from '../lifecycle/states.ts';
import type { ListedApp } from './listed-app.ts';
import { drainBlockers, loopDelay } from './parse-load.ts';
import { scaleTarget } from './parse-scale-target.ts';
import { boolean, integer, list, nullable, number, object, oneOf, optional, string, type Shape } from './parser.ts';
import {
  OPERATION_KINDS,
  type AppSnapshot,
  type AutoscalingSnapshot,
  type LastFailure,
  type LowLimit,
  type SlotTrouble,
  type WorkerSnapshot,
} from './snapshot.ts';

/** Separate from `parse-snapshot.ts`, because a plain `lb list` waits for everything it loads. */

export const slot = integer(0);
export const pid = integer(0);
export const workerState = oneOf(WORKER_STATES);
export const numberOrNull = nullable(number());

const LISTED_WORKER: Shape<ListedApp['workers'][number]> = {
  slot,
  pid,
  state: workerState,
  blockers: nullable(drainBlockers),
  withdrawn: nullable(string),
};
export const LISTED_HEALTH: Shape<ListedApp['health'][number]> = { pid, causes: list(string) };

export const worker = object<WorkerSnapshot>({
  ...LISTED_WORKER,
  generation: number(),
  startedAt: number(),
  uptimeMs: number(),
  restarts: number(),
  recycles: optional(number()),
  cpuPercent: numberOrNull,
  memoryBytes: numberOrNull,
  weight: number(),
  connections: number(),
  accepted: number(),
  refused: number(),
  handOffMs: numberOrNull,
  requestsInFlight: number(),
  requestsPerSecond: number(),
  p95Ms: numberOrNull,
  eventLoopUtilization: number(),
  eventLoopDelayMs: number(),
  loopDelay: nullable(loopDelay),
  heapUsedBytes: numberOrNull,
  heapLimitBytes: numberOrNull,
  handles: numberOrNull,
});

export const LISTED: Shape<Omit<ListedApp, 'workers' | 'health'>> = {
  name: string,
  namespace: optional(string),
  state: oneOf(APP_STATES),
  instances: number(),
  ids: optional(list(integer(0))),
  ready: number(),
  node: string,
  uptimeMs: numberOrNull,
  restarts: number(),
  recycles: optional(number()),
  cpuPercent: numberOrNull,
  memoryBytes: numberOrNull,
  connections: number(),
  requestsPerSecond: number(),
  listeners: list(string),
  unserved: list(string),
  expectedPort: nullable(string),
  generationNote: nullable(string),
  queued: number(),
  panic: boolean,
  troubledSlots: list(
    object<SlotTrouble>({ slot, state: oneOf(['errored', 'stopped', 'waiting']), restartInMs: numberOrNull, restarts: number(), cause: optional(string) }),
  ),
  lowLimits: optional(list(object<LowLimit>({ slot, option: string, message: string, inARow: number(), againInMs: numberOrNull }))),
  lastFailure: optional(object<LastFailure>({ slot, cause: string, agoMs: number() })),
  nextTickAt: optional(number()),
  autoscaling: nullable(
    object<AutoscalingSnapshot>({
      on: boolean,
      min: number(),
      max: number(),
      target: scaleTarget,
      now: nullable(string),
      last: nullable(object<NonNullable<AutoscalingSnapshot['last']>>({ at: number(), from: number(), to: number(), reason: string })),
    }),
  ),
  operation: nullable(object<NonNullable<ListedApp['operation']>>({ kind: oneOf(OPERATION_KINDS), sinceMs: number() })),
  queuedOperations: list(oneOf(OPERATION_KINDS)),
  error: nullable(string),
  program: optional(string),
};

export const listedApp = object<ListedApp>({
  ...LISTED,
  workers: list(object<ListedApp['workers'][number]>(LISTED_WORKER)),
  health: list(object<ListedApp['health'][number]>(LISTED_HEALTH)),
});

/** A listed app with complete workers. */
export type AppWithWorkers = Omit<ListedApp, 'workers'> & Pick<AppSnapshot, 'workers'>;
export const appWithWorkers = object<AppWithWorkers>({
  ...LISTED,
  workers: list(worker),
  health: list(object<ListedApp['health'][number]>(LISTED_HEALTH)),
});
