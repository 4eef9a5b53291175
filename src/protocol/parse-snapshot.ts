import { ACCEPTORS, type Acceptance } from '../lifecycle/acceptor.ts';
import { STOP_REASONS, type ExitReport } from '../lifecycle/exit-report.ts';
import { FILE_STATES, type GenerationFacts } from '../lifecycle/generations.ts';
import { REPLACEMENT_WAYS, type Footprint } from '../lifecycle/replacement.ts';
import { shownAppSpec } from './parse-app-spec.ts';
import { LISTED, LISTED_HEALTH, numberOrNull, pid, slot, worker, workerState } from './parse-listed-app.ts';
import { appTotals, proxyRejections } from './parse-totals.ts';
import { boolean, list, nullable, number, object, oneOf, optional, string, type Parser, type Shape } from './parser.ts';
import type { AppSnapshot, ProcessLimits, WorkerHealth } from './snapshot.ts';
import type { AppStats } from './stats.ts';

type Departed = NonNullable<AppSnapshot['departed']>[number];

const HEALTH: Shape<WorkerHealth> = {
  ...LISTED_HEALTH,
  slot,
  state: workerState,
  checks: object<WorkerHealth['checks']>({ passed: number(), failed: number() }),
  last: nullable(
    object<NonNullable<WorkerHealth['last']>>({ ok: boolean, reason: nullable(string), note: optional(string), tookMs: numberOrNull, at: number() }),
  ),
  lastFailures: list(object<WorkerHealth['lastFailures'][number]>({ reason: string, at: number() })),
  ejections: number(),
  sinceMs: numberOrNull,
};

export const EXIT: Shape<ExitReport> = {
  slot,
  generation: number(),
  pid,
  at: number(),
  code: numberOrNull,
  signal: nullable(string),
  stopReason: nullable(oneOf(STOP_REASONS)),
  stateBefore: workerState,
  uptimeMs: number(),
  killedAtDeadline: boolean,
  cause: nullable(string),
  stack: list(string),
  lastStderr: list(string),
};

export const FOOTPRINT: Shape<Footprint> = { listened: boolean, ownSockets: list(string) };

const { name, state, instances, ready, cpuPercent, memoryBytes, connections, queued, panic, requestsPerSecond } = LISTED;

const STATS: Shape<AppStats> = {
  name,
  state,
  instances,
  ready,
  generation: number(),
  primaryPid: nullable(pid),
  startedAt: numberOrNull,
  cpuPercent,
  memoryBytes,
  connections,
  queued,
  panic,
  requestsPerSecond,
  p50Ms: numberOrNull,
  p95Ms: numberOrNull,
  p99Ms: numberOrNull,
  errorRate: numberOrNull,
  workers: list(worker),
  departed: optional(list(object<Departed>({ slot, requestsPerSecond }))),
  totals: appTotals,
  accept: optional(object<Acceptance>({ by: oneOf(ACCEPTORS), because: string })),
  replacement: optional(object<NonNullable<AppStats['replacement']>>({ ...FOOTPRINT, way: oneOf(REPLACEMENT_WAYS), reason: string })),
};

export const appStats = object<AppStats>(STATS);

/** @param complete adds what options that an older version does not know are by default */
export const snapshotParser = (complete: (spec: unknown) => unknown): Parser<AppSnapshot> =>
  object<AppSnapshot>({
    ...LISTED,
    ...STATS,
    healthy: number(),
    generations: list(object<GenerationFacts>({ generation: number(), slots: list(slot), files: oneOf(FILE_STATES) })),
    proxyRejections,
    health: list(object<WorkerHealth>(HEALTH)),
    lastExits: list(object<ExitReport>(EXIT)),
    limits: optional(object<ProcessLimits>({ openFiles: numberOrNull, processes: numberOrNull, coreBytes: numberOrNull, lockedBytes: numberOrNull })),
    socketsKept: boolean,
    spec: (value) => shownAppSpec(complete(value)),
  });
