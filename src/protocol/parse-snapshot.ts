import { STOP_REASONS, type ExitReport } from '../lifecycle/exit-report.ts';
import { shownAppSpec } from './parse-app-spec.ts';
import { LISTED, LISTED_HEALTH, numberOrNull, pid, slot, worker, workerState } from './parse-listed-app.ts';
import { appTotals, proxyRejections } from './parse-totals.ts';
import { boolean, list, nullable, number, object, oneOf, pick, string, type Shape } from './parser.ts';
import type { AppSnapshot, WorkerHealth } from './snapshot.ts';
import type { AppStats } from './stats.ts';

const HEALTH: Shape<WorkerHealth> = {
  ...LISTED_HEALTH,
  slot,
  state: workerState,
  checks: object<WorkerHealth['checks']>({ passed: number(), failed: number() }),
  last: nullable(object<NonNullable<WorkerHealth['last']>>({ ok: boolean, reason: nullable(string), tookMs: numberOrNull, at: number() })),
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

const SNAPSHOT: Shape<AppSnapshot> = {
  ...LISTED,
  healthy: number(),
  generation: number(),
  primaryPid: nullable(pid),
  startedAt: numberOrNull,
  proxyRejections,
  p50Ms: numberOrNull,
  p95Ms: numberOrNull,
  p99Ms: numberOrNull,
  errorRate: numberOrNull,
  totals: appTotals,
  workers: list(worker),
  health: list(object<WorkerHealth>(HEALTH)),
  lastExits: list(object<ExitReport>(EXIT)),
  socketsKept: boolean,
  spec: shownAppSpec,
};

export const appSnapshot = object<AppSnapshot>(SNAPSHOT);

export const appStats = object<AppStats>(
  pick(SNAPSHOT, [
    'name',
    'state',
    'instances',
    'ready',
    'generation',
    'primaryPid',
    'startedAt',
    'cpuPercent',
    'memoryBytes',
    'connections',
    'queued',
    'panic',
    'requestsPerSecond',
    'p50Ms',
    'p95Ms',
    'p99Ms',
    'errorRate',
    'workers',
    'totals',
  ]),
);
