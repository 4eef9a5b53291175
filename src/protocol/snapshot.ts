import type { Acceptance } from '../lifecycle/acceptor.ts';
import { OPERATION_NAMES } from '../lifecycle/operation-name.ts';
import type { RestartPhase } from '../lifecycle/restart-policy.ts';
import type { AppState, WorkerState } from '../lifecycle/states.ts';
import type { ExitReport } from '../lifecycle/exit-report.ts';
import type { AppSpec, ScaleSpec } from '../lifecycle/app-spec.ts';
import type { GenerationFacts } from '../lifecycle/generations.ts';
import type { Footprint, Replacement } from '../lifecycle/replacement.ts';
import type { AppTotals, ProxyRejections } from './totals.ts';
import type { LoopDelaySummary } from './worker.ts';
import type { DrainBlockers } from '../lifecycle/drain-blockers.ts';

/** The state of one worker. */
export interface WorkerSnapshot {
  readonly slot: number;
  readonly generation: number;
  readonly pid: number;
  readonly state: WorkerState;
  /** Epoch milliseconds. */
  readonly startedAt: number;
  readonly uptimeMs: number;
  /** Unplanned restarts of this slot since the primary started. */
  readonly restarts: number;
  /** Workers of this slot that were replaced because they reached a limit or stayed unhealthy, since then. Absent in older primaries. */
  readonly recycles?: number;
  /** Percent of one core over the last sample; null before the second sample. */
  readonly cpuPercent: number | null;
  readonly memoryBytes: number | null;
  /** Weight for new connections; 0 gets none. */
  readonly weight: number;
  readonly connections: number;
  /** Connections it took in total, and those it refused or could not take. */
  readonly accepted: number;
  readonly refused: number;
  /** Average time from a connection's arrival until the worker took it; null before the first one, and where the workers accept. */
  readonly handOffMs: number | null;
  readonly requestsInFlight: number;
  readonly requestsPerSecond: number;
  /** 95th percentile of recent response times; null without requests. */
  readonly p95Ms: number | null;
  /** 0 to 1. */
  readonly eventLoopUtilization: number;
  /** Delay of the latest heartbeat. */
  readonly eventLoopDelayMs: number;
  /** Percentiles of timer delays over the last second; null while idle. */
  readonly loopDelay: LoopDelaySummary | null;
  /** JavaScript heap and open handles; null before its first heartbeat. */
  readonly heapUsedBytes: number | null;
  readonly heapLimitBytes: number | null;
  readonly handles: number | null;
  readonly blockers: DrainBlockers | null;
  /** Why it reported drain (`process.send({ lb: 'drain' })`); null if it did not. */
  readonly withdrawn: string | null;
}

export const OPERATION_KINDS = [...OPERATION_NAMES, 'balance', 'weight', 'delete', 'signal', 'profile', 'shutdown'] as const;
export type OperationKind = (typeof OPERATION_KINDS)[number];

/** A slot without a running worker. */
export interface SlotTrouble {
  readonly slot: number;
  readonly state: Exclude<RestartPhase, 'idle'>;
  /** Time until the next restart; null if none is planned. */
  readonly restartInMs: number | null;
  readonly restarts: number;
  /** Why its worker last failed. */
  readonly cause?: string;
}

/** A limit that a slot's workers reach soon after their start, again and again. */
export interface LowLimit {
  readonly slot: number;
  /** `max_memory_restart`, `max_requests` or `max_lifetime`. */
  readonly option: string;
  /** `max_memory_restart is too low: limit 20 MB, needs 43 MB`. */
  readonly message: string;
  /** Replacements for it in a row. */
  readonly inARow: number;
  /** Time until the next one; null if the present worker has not reached the limit. */
  readonly againInMs: number | null;
}

/** How the worker that failed last has failed. */
export interface LastFailure {
  readonly slot: number;
  readonly cause: string;
  readonly agoMs: number;
}

/** The health of one worker: its checks, and why it is ejected, if it is. */
export interface WorkerHealth {
  readonly slot: number;
  readonly pid: number;
  readonly state: WorkerState;
  /** Active checks since it started. */
  readonly checks: { readonly passed: number; readonly failed: number };
  /** The last check; null before the first. `at` is epoch milliseconds. */
  readonly last: {
    readonly ok: boolean;
    readonly reason: string | null;
    /** What is notable although it passed: `redirects to https://shop.example/`. */
    readonly note?: string;
    readonly tookMs: number | null;
    readonly at: number;
  } | null;
  /** At most five, newest last. `at` is epoch milliseconds. */
  readonly lastFailures: readonly { readonly reason: string; readonly at: number }[];
  /** Since the worker started. */
  readonly ejections: number;
  /** Why it is or should be ejected; the only worker never is. */
  readonly causes: readonly string[];
  /** How long the causes have lasted; null without causes. */
  readonly sinceMs: number | null;
}

/** The state of autoscaling. */
export interface AutoscalingSnapshot {
  /** False while the number of workers is set by hand. */
  readonly on: boolean;
  readonly min: number;
  readonly max: number;
  readonly target: ScaleSpec['target'];
  /** The reason for the current number, as of the last second; null before the first decision, and while off. */
  readonly now: string | null;
  /** The last change; null before the first. `at` is epoch milliseconds. */
  readonly last: { readonly at: number; readonly from: number; readonly to: number; readonly reason: string } | null;
}

/** What the kernel lets the processes of an app use; null is without limit, or unknown. */
export interface ProcessLimits {
  readonly openFiles: number | null;
  /** Of the user. */
  readonly processes: number | null;
  readonly coreBytes: number | null;
  readonly lockedBytes: number | null;
}

/** The state of one app. */
export interface AppSnapshot {
  readonly name: string;
  readonly state: AppState;
  /** Its group; absent without one. */
  readonly namespace?: string;
  /** Desired number of workers. */
  readonly instances: number;
  /** The id of each slot, unique in a daemon. Added by the daemon; absent in older ones. */
  readonly ids?: readonly number[];
  readonly ready: number;
  /** Workers that take connections and are not ejected; `/ready` and `lb health` use this. */
  readonly healthy: number;
  readonly generation: number;
  /** Node.js version of the app, without the `v`; empty while stopped. */
  readonly node: string;
  readonly primaryPid: number | null;
  /** Epoch milliseconds of the app's start; null while stopped. */
  readonly startedAt: number | null;
  readonly uptimeMs: number | null;
  readonly restarts: number;
  /** Workers that were replaced because they reached a limit or stayed unhealthy, since the primary started. Absent in older primaries. */
  readonly recycles?: number;
  readonly cpuPercent: number | null;
  readonly memoryBytes: number | null;
  readonly connections: number;
  /** Connections waiting in the primary for a worker. */
  readonly queued: number;
  /** Fewer than half of the workers are healthy, so health is ignored. */
  readonly panic: boolean;
  /** Connections closed for their PROXY header, since the primary started. */
  readonly proxyRejections: ProxyRejections;
  readonly requestsPerSecond: number;
  /** Percentiles of recent response times; null without requests. */
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
  readonly p99Ms: number | null;
  /** Share of recent answers that were 5xx, 0 to 1; null without requests. */
  readonly errorRate: number | null;
  readonly totals: AppTotals;
  /** Addresses the app listens on: `*:3000`, `127.0.0.1:3000`, `/run/app.sock`. */
  readonly listeners: readonly string[];
  /** Addresses that it served and that no ready worker serves now. */
  readonly unserved: readonly string[];
  /** The port that its definition names: `port 3000`, or `PORT=3000` if only its environment does; null for none. */
  readonly expectedPort: string | null;
  /** Which slots run which generation, newest first, and what became of its files. */
  readonly generations: readonly GenerationFacts[];
  /** The same in words, if more than one generation serves, or one that cannot be started again. */
  readonly generationNote: string | null;
  readonly workers: readonly WorkerSnapshot[];
  /** Workers that have just exited, with what they still add to `requestsPerSecond`. Absent without any. */
  readonly departed?: readonly Pick<WorkerSnapshot, 'slot' | 'requestsPerSecond'>[];
  readonly health: readonly WorkerHealth[];
  readonly troubledSlots: readonly SlotTrouble[];
  /** Limits that workers reach soon after their start, again and again. Absent without any. */
  readonly lowLimits?: readonly LowLimit[];
  /** Absent when no worker failed in the last ten minutes. */
  readonly lastFailure?: LastFailure;
  /** The next tick of `cron_restart`, in epoch milliseconds. Absent without one. */
  readonly nextTickAt?: number;
  /** Null if the definition has no `scale`. */
  readonly autoscaling: AutoscalingSnapshot | null;
  readonly operation: { readonly kind: OperationKind; readonly sinceMs: number } | null;
  readonly queuedOperations: readonly OperationKind[];
  readonly lastExits: readonly ExitReport[];
  /** Why the app is errored. */
  readonly error: string | null;
  /** How its workers are replaced, and what that was decided by. Absent in older primaries. */
  readonly replacement?: Replacement & Footprint;
  /** Who accepts its connections. Absent in older primaries. */
  readonly accept?: Acceptance;
  /** Absent while stopped, and in older primaries. */
  readonly limits?: ProcessLimits;
  /** The build of lb that its primary runs: version and hash. Added by the daemon; absent without a primary, and with older ones. */
  readonly program?: string;
  /** The daemon keeps duplicates of the listening sockets, so no connection is refused if the primary dies. */
  readonly socketsKept: boolean;
  /** The definition, without the values of the environment. */
  readonly spec: Omit<AppSpec, 'env'> & { readonly envNames: readonly string[] };
}
