import type { LoopDelaySummary } from '../../protocol/worker.ts';
import type { Pool } from './pool.ts';
import type { WorkerHandle } from './worker-handle.ts';

/** A worker that is silent for longer has a blocked event loop. */
const SILENT_MS = 2_500;
/** The same for an idle worker, whose heartbeats come every 5 s. */
const SILENT_IDLE_MS = 7_500;

/** The current load of a worker, as seen from outside. */
export interface PresentLoad {
  /** Event loop utilization, from 0 to 1. */
  readonly utilization: number;
  /** Current or last known delay of its event loop. */
  readonly delayMs: number;
  readonly delay: LoopDelaySummary | null;
  readonly requestsPerSecond: number;
  /** In cores: 1 is one full core; null if unknown. */
  readonly cpu: number | null;
}

/** Whether a worker has been silent for so long that its event loop must be blocked. @param at monotonic time */
export function isSilent({ idle, lastSignAt }: Pick<WorkerHandle, 'idle' | 'lastSignAt'>, at: number): boolean {
  return at - lastSignAt > (idle ? SILENT_IDLE_MS : SILENT_MS);
}

type LoadSource = Pick<WorkerHandle, 'idle' | 'lastSignAt'> & {
  readonly meter: Pick<WorkerHandle['meter'], 'last' | 'cpuPercent' | 'requestsPerSecond'>;
  readonly profile: Pick<WorkerHandle['profile'], 'kind'>;
};

/**
 * The load from the last heartbeats, with two exceptions. A silent worker has a blocked event loop: it counts as fully busy,
 * delayed by the length of its silence, and serving no requests. A CPU profile keeps the event loop from sleeping, which looks
 * like load: while it runs, utilization is at most the CPU usage.
 * @param at monotonic time
 */
export function presentLoad(worker: LoadSource, at: number): PresentLoad {
  const { lastSignAt, meter, profile } = worker;
  const { last, cpuPercent } = meter;
  const cpu = cpuPercent === null ? null : cpuPercent / 100;
  if (last === null) return { utilization: 0, delayMs: 0, delay: null, requestsPerSecond: 0, cpu };
  if (isSilent(worker, at)) {
    const silentMs = Math.round(at - lastSignAt);
    return { utilization: 1, delayMs: silentMs, delay: { p50Ms: silentMs, p99Ms: silentMs, maxMs: silentMs }, requestsPerSecond: 0, cpu: 1 };
  }
  const { eventLoopUtilization, eventLoopDelayMs, loopDelay } = last;
  const utilization = profile.kind === 'cpu' && cpu !== null ? Math.min(eventLoopUtilization, cpu) : eventLoopUtilization;
  return { utilization, delayMs: eventLoopDelayMs, delay: loopDelay, requestsPerSecond: meter.requestsPerSecond(at), cpu };
}

/** Of all workers that serve or did so until just now. @param at monotonic time */
export function requestsPerSecond({ workers, counters }: Pick<Pool, 'workers' | 'counters'>, at: number): number {
  const present = workers.filter(({ state }) => state !== 'exited').map((worker) => presentLoad(worker, at).requestsPerSecond);
  const departed = counters.departed(at).map(({ recent }) => recent.requestsPerSecond(at));
  return [...present, ...departed].reduce((sum, rate) => sum + rate, 0);
}
