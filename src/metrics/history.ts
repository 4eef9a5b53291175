import { currentWorkers } from '../lifecycle/current-workers.ts';
import { APP_METRICS, RESOLUTIONS, SLOT_METRICS, type HistoryMetric, type Resolution, type SlotMetric } from '../protocol/history.ts';
import type { WorkerSnapshot } from '../protocol/snapshot.ts';
import type { AppStats } from '../protocol/stats.ts';
import { TimeRing } from './time-ring.ts';

const SECOND_MS = 1_000;
/** How long the last values stay valid; the primary of an idle app reports every 5 s. */
const HOLD_MS = 10_000;

/** Values of a series, one per step, the last one for now. */
export interface SeriesValues {
  readonly fromMs: number;
  readonly stepMs: number;
  readonly values: readonly (number | null)[];
}

/** How to read each metric from a source; null if unknown. */
type Gauges<M extends string, S> = Readonly<Record<M, (source: S) => number | null>>;

const APP_GAUGES: Gauges<HistoryMetric, AppStats> = {
  cpu: ({ cpuPercent }) => cpuPercent,
  memory: ({ memoryBytes }) => memoryBytes,
  rps: ({ requestsPerSecond }) => requestsPerSecond,
  p50: ({ p50Ms }) => p50Ms,
  p95: ({ p95Ms }) => p95Ms,
  p99: ({ p99Ms }) => p99Ms,
  errors: ({ errorRate }) => errorRate,
  connections: ({ connections }) => connections,
  ready: ({ ready }) => ready,
};

const SLOT_GAUGES: Gauges<SlotMetric, WorkerSnapshot> = {
  cpu: ({ cpuPercent }) => cpuPercent,
  memory: ({ memoryBytes }) => memoryBytes,
  elu: ({ eventLoopUtilization }) => eventLoopUtilization,
  delay: ({ eventLoopDelayMs }) => eventLoopDelayMs,
  rps: ({ requestsPerSecond }) => requestsPerSecond,
  p95: ({ p95Ms }) => p95Ms,
  connections: ({ connections }) => connections,
};

/** A set of metrics at every resolution. */
class Track<M extends string, S> {
  readonly #metrics: readonly M[];
  readonly #gauges: Gauges<M, S>;
  readonly #rings: Readonly<Record<Resolution, TimeRing>>;
  /** In the order of the metrics; NaN if unknown. */
  #latest: { readonly atMs: number; readonly values: readonly number[] } | null = null;
  /** The last second written. */
  #written = 0;

  constructor(metrics: readonly M[], gauges: Gauges<M, S>) {
    this.#metrics = metrics;
    this.#gauges = gauges;
    const series = metrics.length;
    this.#rings = {
      '1s': new TimeRing(series, RESOLUTIONS['1s']),
      '10s': new TimeRing(series, RESOLUTIONS['10s']),
      '1m': new TimeRing(series, RESOLUTIONS['1m']),
    };
  }

  put(atMs: number, source: S): void {
    const values = this.#metrics.map((metric) => this.#gauges[metric](source) ?? Number.NaN);
    const second = Math.floor(atMs / SECOND_MS);
    this.#hold(second - 1);
    this.#write(second, values);
    this.#latest = { atMs, values };
  }

  read(metric: M, resolution: Resolution, nowMs: number): SeriesValues {
    this.#hold(Math.floor(nowMs / SECOND_MS));
    const ring = this.#rings[resolution];
    return { ...ring.read(this.#metrics.indexOf(metric), nowMs), stepMs: ring.stepMs };
  }

  /** Repeats the last values until new ones come, for a limited time. */
  #hold(until: number): void {
    if (this.#latest === null) return;
    const { atMs, values } = this.#latest;
    const end = Math.min(until, Math.floor((atMs + HOLD_MS) / SECOND_MS));
    while (this.#written < end) this.#write(this.#written + 1, values);
  }

  #write(second: number, values: readonly number[]): void {
    this.#written = second;
    for (const ring of Object.values(this.#rings)) ring.put(second * SECOND_MS, values);
  }
}

/** All workers of a slot share its traffic, also those that leave or have just left. */
function trafficOf(slot: number, { workers, departed = [] }: AppStats): Pick<WorkerSnapshot, 'requestsPerSecond' | 'connections'> {
  const present = workers.filter((worker) => worker.slot === slot);
  const gone = departed.filter((worker) => worker.slot === slot);
  return {
    requestsPerSecond: [...present, ...gone].reduce((sum, { requestsPerSecond }) => sum + requestsPerSecond, 0),
    connections: present.reduce((sum, { connections }) => sum + connections, 0),
  };
}

/** The history of one app and its slots. Its size is bounded; it has no clock. */
export class History {
  readonly #app = new Track(APP_METRICS, APP_GAUGES);
  readonly #slots = new Map<number, Track<SlotMetric, WorkerSnapshot>>();

  /** @param atMs monotonic */
  record(atMs: number, stats: AppStats): void {
    this.#app.put(atMs, stats);
    const workers = currentWorkers(stats.workers);
    for (const slot of this.#slots.keys()) if (slot >= stats.instances && !workers.has(slot)) this.#slots.delete(slot);
    for (const [slot, worker] of workers) {
      let track = this.#slots.get(slot);
      if (track === undefined) this.#slots.set(slot, (track = new Track(SLOT_METRICS, SLOT_GAUGES)));
      track.put(atMs, { ...worker, ...trafficOf(slot, stats) });
    }
  }

  /** The slots with a history. */
  get slots(): readonly number[] {
    return [...this.#slots.keys()].sort((a, b) => a - b);
  }

  app(metric: HistoryMetric, resolution: Resolution, nowMs: number): SeriesValues {
    return this.#app.read(metric, resolution, nowMs);
  }

  /** Null for an unknown slot. */
  slot(slot: number, metric: SlotMetric, resolution: Resolution, nowMs: number): SeriesValues | null {
    return this.#slots.get(slot)?.read(metric, resolution, nowMs) ?? null;
  }
}
