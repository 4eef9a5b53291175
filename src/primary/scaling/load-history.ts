import type { LoadSample } from '../../lifecycle/scale-demand.ts';
import { emptyBuckets, quantile } from '../../metrics/latency.ts';
import type { AppCounters } from '../workers/app-counters.ts';
import type { WorkerHandle } from '../workers/worker-handle.ts';

/** A worker that is not idle and was not heard of for longer is too busy to say so. */
const SILENT_MS = 2_500;

/** What the workers of an app did in each of the last seconds. */
export class LoadHistory {
  #samples: LoadSample[] = [];
  #latency: readonly number[] | null = null;

  get samples(): readonly LoadSample[] {
    return this.#samples;
  }

  clear(): void {
    this.#samples = [];
    this.#latency = null;
  }

  /** @param workers those that share the load. */
  add(workers: readonly WorkerHandle[], { counters, queued, at, keptMs }: { readonly counters: AppCounters; readonly queued: number; readonly at: number; readonly keptMs: number }): void {
    const { latency } = counters;
    const before = this.#latency ?? latency;
    const second = emptyBuckets().map((_, i) => (latency[i] ?? 0) - (before[i] ?? 0));
    this.#latency = latency;
    this.#samples.push({
      at,
      ready: workers.length,
      elu: mean(workers.map((worker) => (isSilent(worker, at) ? 1 : (worker.meter.last?.eventLoopUtilization ?? 0)))),
      cpu: mean(workers.map((worker) => (isSilent(worker, at) ? 1 : (worker.meter.cpuPercent ?? 0) / 100))),
      requestsPerSecond: workers.reduce((sum, { meter }) => sum + meter.requestsPerSecond, 0),
      p95Ms: quantile(second, 0.95),
      answers: second.reduce((sum, n) => sum + n, 0),
      queued,
    });
    const stale = this.#samples.findIndex((sample) => sample.at >= at - keptMs);
    if (stale > 0) this.#samples.splice(0, stale);
  }
}

function isSilent({ idle, lastSignAt }: WorkerHandle, at: number): boolean {
  return !idle && at - lastSignAt > SILENT_MS;
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}
