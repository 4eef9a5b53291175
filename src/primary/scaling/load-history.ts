import type { LoadSample } from '../../lifecycle/scale-demand.ts';
import { emptyBuckets, quantile } from '../../metrics/latency.ts';
import type { AppCounters } from '../workers/app-counters.ts';
import { presentLoad } from '../workers/present-load.ts';
import type { WorkerHandle } from '../workers/worker-handle.ts';

interface Second {
  readonly counters: AppCounters;
  /** Of the whole app, whoever answered. */
  readonly requestsPerSecond: number;
  readonly queued: number;
  readonly at: number;
  readonly keptMs: number;
}

/** The load of an app's workers in each of the last seconds. */
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

  /** Adds one second. @param workers those that share the load. */
  add(workers: readonly WorkerHandle[], { counters, requestsPerSecond, queued, at, keptMs }: Second): void {
    const { latency } = counters;
    const before = this.#latency ?? latency;
    const second = emptyBuckets().map((_, i) => (latency[i] ?? 0) - (before[i] ?? 0));
    this.#latency = latency;
    const loads = workers.map((worker) => presentLoad(worker, at));
    const answered = quantile(second, 0.95);
    this.#samples.push({
      at,
      ready: workers.length,
      elu: mean(loads.map(({ utilization }) => utilization)),
      cpu: mean(loads.map(({ cpu }) => cpu ?? 0)),
      requestsPerSecond,
      p95Ms: answered === null ? null : answered + mean(loads.map(({ delay }) => delay?.p50Ms ?? 0)),
      answers: second.reduce((sum, n) => sum + n, 0),
      queued,
    });
    const stale = this.#samples.findIndex((sample) => sample.at >= at - keptMs);
    if (stale > 0) this.#samples.splice(0, stale);
  }
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}
