import { OPERATION_NAMES } from '../lifecycle/operation-name.ts';
import type { RestartPhase } from '../lifecycle/restart-policy.ts';
import type { AppState, WorkerState } from '../lifecycle/states.ts';
import type { ExitReport } from '../lifecycle/exit-report.ts';
import type { AppSpec, ScaleSpec } from '../lifecycle/app-spec.ts';
import type { AppTotals, ProxyRejections } from './totals.ts';
import type { LoopDelaySummary } from './worker.ts';
import type { DrainBlockers } from '../lifecycle/drain-blockers.ts';

/** One worker as people and programs see it. */
export interface WorkerSnapshot {
  readonly slot: number;
  readonly generation: number;
  readonly pid: number;
  readonly state: WorkerState;
  /** Epoch milliseconds. */
  readonly startedAt: number;
  readonly uptimeMs: number;
  /** Restarts of this slot that nobody asked for, since the primary started. */
  readonly restarts: number;
  /** Percent of one core over the last sample; null before the second sample. */
  readonly cpuPercent: number | null;
  readonly memoryBytes: number | null;
  /** Share of new connections it gets; 0 gets none. */
  readonly weight: number;
  readonly connections: number;
  /** Connections it took in all, and those it refused or could not take. */
  readonly accepted: number;
  readonly refused: number;
  /** Average time from a connection's arrival until the worker took it; null before the first, and with `direct`. */
  readonly handOffMs: number | null;
  readonly requestsInFlight: number;
  readonly requestsPerSecond: number;
  /** 95th percentile of the last seconds' response times; null without requests. */
  readonly p95Ms: number | null;
  /** 0 to 1. */
  readonly eventLoopUtilization: number;
  /** How late its event loop last was. */
  readonly eventLoopDelayMs: number;
  /** Percentiles of how late it ran timers during the last second; null while idle. */
  readonly loopDelay: LoopDelaySummary | null;
  /** JavaScript heap, and open handles; null before its first heartbeat. */
  readonly heapUsedBytes: number | null;
  readonly heapLimitBytes: number | null;
  readonly handles: number | null;
  readonly blockers: DrainBlockers | null;
  /** Why it asked for no new connections (`process.send({ lb: 'drain' })`); null when it did not. */
  readonly withdrawn: string | null;
}

export const OPERATION_KINDS = [...OPERATION_NAMES, 'balance', 'weight', 'delete', 'signal', 'profile', 'shutdown'] as const;
export type OperationKind = (typeof OPERATION_KINDS)[number];

/** A slot without a running worker. */
export interface SlotTrouble {
  readonly slot: number;
  readonly state: Exclude<RestartPhase, 'idle'>;
  /** When the next restart is due, from now; null when none will come. */
  readonly restartInMs: number | null;
  readonly restarts: number;
}

/** The health of one worker: its checks, and why it is out of the rotation, if it is. */
export interface WorkerHealth {
  readonly slot: number;
  readonly pid: number;
  readonly state: WorkerState;
  /** Active checks since it started. */
  readonly checks: { readonly passed: number; readonly failed: number };
  /** The last check; null before the first. `at` is epoch milliseconds. */
  readonly last: { readonly ok: boolean; readonly reason: string | null; readonly tookMs: number | null; readonly at: number } | null;
  /** At most five, newest last. `at` is epoch milliseconds. */
  readonly lastFailures: readonly { readonly reason: string; readonly at: number }[];
  /** Since it started. */
  readonly ejections: number;
  /** Why it is, or should be, out of the rotation; a sole worker never is. */
  readonly causes: readonly string[];
  /** For how long the causes have stood; null without any. */
  readonly sinceMs: number | null;
}

/** What decides on the number of workers. */
export interface AutoscalingSnapshot {
  /** False while the number was set by hand. */
  readonly on: boolean;
  readonly min: number;
  readonly max: number;
  readonly target: ScaleSpec['target'];
  /** Why the number is what it is, as of the last second; null before the first look, and while it is off. */
  readonly now: string | null;
  /** The last change that was decided on; null before the first. `at` is epoch milliseconds. */
  readonly last: { readonly at: number; readonly from: number; readonly to: number; readonly reason: string } | null;
}

/** One app as people and programs see it. */
export interface AppSnapshot {
  readonly name: string;
  readonly state: AppState;
  /** Wanted workers. */
  readonly instances: number;
  readonly ready: number;
  /** Workers that take connections and have nothing against them; what `/ready` and `lb health` go by. */
  readonly healthy: number;
  readonly generation: number;
  /** Version of the Node.js the app runs on, without the `v`; empty while stopped. */
  readonly node: string;
  readonly primaryPid: number | null;
  /** Epoch milliseconds of the app's start; null while stopped. */
  readonly startedAt: number | null;
  readonly uptimeMs: number | null;
  readonly restarts: number;
  readonly cpuPercent: number | null;
  readonly memoryBytes: number | null;
  readonly connections: number;
  /** Connections that wait in the primary for a worker. */
  readonly queued: number;
  /** Fewer than half of the workers are healthy, so health is ignored. */
  readonly panic: boolean;
  /** Connections closed for their PROXY header, since the primary started. */
  readonly proxyRejections: ProxyRejections;
  readonly requestsPerSecond: number;
  /** Percentiles of the last seconds' response times; null without requests. */
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
  readonly p99Ms: number | null;
  /** Share of the last seconds' answers that were 5xx, 0 to 1; null without requests. */
  readonly errorRate: number | null;
  readonly totals: AppTotals;
  /** Addresses the app listens on: `http://` is not assumed, `*:3000`, `127.0.0.1:3000`, `/run/app.sock`. */
  readonly listeners: readonly string[];
  readonly workers: readonly WorkerSnapshot[];
  readonly health: readonly WorkerHealth[];
  readonly troubledSlots: readonly SlotTrouble[];
  /** Null when the definition has no `scale`. */
  readonly autoscaling: AutoscalingSnapshot | null;
  readonly operation: { readonly kind: OperationKind; readonly sinceMs: number } | null;
  readonly queuedOperations: readonly OperationKind[];
  readonly lastExits: readonly ExitReport[];
  /** Why the app is errored. */
  readonly error: string | null;
  /** True when the daemon keeps duplicates of the listening sockets, so that the primary's death refuses nobody. */
  readonly socketsKept: boolean;
  /** The definition, without the environment's values. */
  readonly spec: Omit<AppSpec, 'env'> & { readonly envNames: readonly string[] };
}
