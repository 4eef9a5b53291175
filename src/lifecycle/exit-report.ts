import type { WorkerState } from './states.ts';

export const STOP_REASONS = [
  'stop',
  'reload',
  'restart',
  'scale',
  'memory',
  'rollback',
  'start-failed',
  'not-ready',
  'hung',
  'memory-kill',
  'requests',
  'lifetime',
  'unhealthy',
  'disconnected',
  'upgrade',
] as const;

/** Why `lb` ended a worker. */
export type StopReason = (typeof STOP_REASONS)[number];

/** Facts about the exit of one worker. */
export interface ExitReport {
  readonly slot: number;
  readonly generation: number;
  readonly pid: number;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly code: number | null;
  readonly signal: string | null;
  /** Null if `lb` did not end it. */
  readonly stopReason: StopReason | null;
  /** The worker's state when it exited. */
  readonly stateBefore: WorkerState;
  readonly uptimeMs: number;
  /** It was killed because `kill_timeout` expired. */
  readonly killedAtDeadline: boolean;
  /** The cause beyond code and signal: "hung for 30 s in `hash` (lib/report.js:41)", the error it crashed with; null if unknown. */
  readonly cause: string | null;
  /** JavaScript stack at the exit, innermost frame first; empty if none was taken. */
  readonly stack: readonly string[];
  readonly lastStderr: readonly string[];
}

const STOP_REASON_WORDS: Readonly<Record<StopReason, string>> = {
  stop: 'stop',
  reload: 'reload',
  restart: 'restart',
  scale: 'scale',
  rollback: 'rollback',
  memory: 'memory limit reached',
  requests: 'max_requests reached',
  lifetime: 'max_lifetime reached',
  unhealthy: 'unhealthy',
  'start-failed': 'the start failed',
  'not-ready': 'not ready in time',
  hung: 'stopped: hung',
  'memory-kill': 'max_memory_kill exceeded',
  disconnected: 'its channel closed',
  upgrade: 'upgrade',
};

/** A stop reason for messages: "reload", "memory limit reached". */
export const describeStopReason = (stopReason: StopReason): string => STOP_REASON_WORDS[stopReason];

/** An exit for messages: "exit code 1", "signal SIGKILL". */
export function describeExit(report: Pick<ExitReport, 'code' | 'signal' | 'killedAtDeadline' | 'cause'>): string {
  if (report.cause !== null) return report.cause;
  if (report.killedAtDeadline) return 'killed when its kill_timeout ran out';
  if (report.signal !== null) return `signal ${report.signal}`;
  if (report.code !== null) return `exit code ${report.code}`;
  return 'unknown exit';
}

/** Whether the worker failed: it crashed, or was ended because it hung or used too much memory. */
export function isFailure({ stopReason, code }: Pick<ExitReport, 'stopReason' | 'code'>): boolean {
  return stopReason === null ? code !== 0 : stopReason === 'hung' || stopReason === 'memory-kill';
}
