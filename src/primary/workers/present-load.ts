import type { LoopDelaySummary } from '../../protocol/worker.ts';
import type { WorkerHandle } from './worker-handle.ts';

/** A worker that was not heard of for longer is too busy to say so. */
const SILENT_MS = 2_500;
/** One that is idle is heard of every 5 s. */
const SILENT_IDLE_MS = 7_500;

/** What keeps a worker busy now, as far as can be told from outside. */
export interface PresentLoad {
  /** Share of 1. */
  readonly utilization: number;
  /** How late its event loop is, or last was. */
  readonly delayMs: number;
  readonly delay: LoopDelaySummary | null;
  readonly requestsPerSecond: number;
  /** In shares of one core; null when it is not known. */
  readonly cpu: number | null;
}

/** Not heard of for so long that its event loop must be blocked. @param at monotonic */
export function isSilent({ idle, lastSignAt }: Pick<WorkerHandle, 'idle' | 'lastSignAt'>, at: number): boolean {
  return at - lastSignAt > (idle ? SILENT_IDLE_MS : SILENT_MS);
}

type Told = Pick<WorkerHandle, 'idle' | 'lastSignAt'> & {
  readonly meter: Pick<WorkerHandle['meter'], 'last' | 'cpuPercent' | 'requestsPerSecond'>;
  readonly profile: Pick<WorkerHandle['profile'], 'kind'>;
};

/**
 * Its last heartbeat, with two exceptions. A worker whose event loop is blocked cannot say so: it is busy, late by the time
 * since it was heard of, and answers nothing. While its CPU is profiled the sampling keeps its event loop from sleeping,
 * which looks like work: it is at most as busy as its CPU.
 * @param at monotonic
 */
export function presentLoad(worker: Told, at: number): PresentLoad {
  const { lastSignAt, meter, profile } = worker;
  const { last, cpuPercent, requestsPerSecond } = meter;
  const cpu = cpuPercent === null ? null : cpuPercent / 100;
  if (last === null) return { utilization: 0, delayMs: 0, delay: null, requestsPerSecond, cpu };
  if (isSilent(worker, at)) {
    const silentMs = Math.round(at - lastSignAt);
    return { utilization: 1, delayMs: silentMs, delay: { p50Ms: silentMs, p99Ms: silentMs, maxMs: silentMs }, requestsPerSecond: 0, cpu: 1 };
  }
  const { eventLoopUtilization, eventLoopDelayMs, loopDelay } = last;
  const utilization = profile.kind === 'cpu' && cpu !== null ? Math.min(eventLoopUtilization, cpu) : eventLoopUtilization;
  return { utilization, delayMs: eventLoopDelayMs, delay: loopDelay, requestsPerSecond, cpu };
}
