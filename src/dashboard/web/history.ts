import { currentWorkers } from '../../lifecycle/current-workers.ts';
import { RESOLUTIONS, type HistorySeries, type Resolution, type SlotMetric } from '../../protocol/history.ts';
import type { AppSnapshot, WorkerSnapshot } from '../../protocol/snapshot.ts';
import type { AppMeasure } from './measures.ts';

/** Stats up to this late leave no gap. */
const LATE_MS = 2_000;

/** The values of an app as a whole, or of a slot. */
export interface Line {
  readonly values: readonly (number | null)[];
  /** The latest value; the last of `values` is the mean of its step so far. */
  readonly now: number | null;
}

const OF_APP: Readonly<Record<AppMeasure, (app: AppSnapshot) => number | null>> = {
  cpu: (app) => app.cpuPercent,
  memory: (app) => app.memoryBytes,
  rps: (app) => app.requestsPerSecond,
  p95: (app) => app.p95Ms,
  connections: (app) => app.connections,
};

const OF_WORKER: Readonly<Record<SlotMetric, (worker: WorkerSnapshot) => number | null>> = {
  cpu: (worker) => worker.cpuPercent,
  memory: (worker) => worker.memoryBytes,
  elu: (worker) => worker.eventLoopUtilization,
  delay: (worker) => worker.eventLoopDelayMs,
  rps: (worker) => worker.requestsPerSecond,
  p95: (worker) => worker.p95Ms,
  connections: (worker) => worker.connections,
};

/** Series of all apps, of one app, or of its slots. */
export type HistoryQuery = { readonly resolution: Resolution; readonly points: number } & (
  | { readonly level: 'app'; readonly app: string | null; readonly metrics: readonly AppMeasure[] }
  | { readonly level: 'slot'; readonly app: string; readonly metrics: readonly SlotMetric[] }
);

interface Track extends Line {
  readonly slot: number | null;
  values: (number | null)[];
  now: number | null;
  /** Number of values in the mean of the newest step. */
  seen: number;
}

/** The data of the charts of one view: one value per step, the newest last; null if unknown. */
export class History {
  readonly query: HistoryQuery;
  readonly #stepMs: number;
  readonly #tracks = new Map<string, Track>();
  /** The newest step, counted from the epoch; 0 before the first. */
  #last = 0;

  constructor(query: HistoryQuery) {
    this.query = query;
    this.#stepMs = RESOLUTIONS[query.resolution].stepMs;
  }

  /** Times of the values, in seconds since the epoch. */
  get times(): readonly number[] {
    const { points } = this.query;
    return Array.from({ length: points }, (_, index) => ((this.#last - points + 1 + index) * this.#stepMs) / 1000);
  }

  /** The slots with any data. */
  get slots(): readonly number[] {
    const known = [...this.#tracks.values()].filter(({ values }) => values.some((value) => value !== null));
    return [...new Set(known.map(({ slot }) => slot).filter((slot) => slot !== null))].sort((a, b) => a - b);
  }

  /** @param slot null for the app as a whole */
  line(app: string, metric: SlotMetric, slot: number | null = null): Line {
    return this.#track(app, slot, metric);
  }

  /** Values in the same step are averaged. @param atMs epoch milliseconds */
  record(atMs: number, apps: readonly AppSnapshot[]): void {
    const { query } = this;
    const late = this.#advance(Math.floor(atMs / this.#stepMs));
    for (const track of this.#tracks.values()) track.now = null;
    for (const app of apps.filter(({ name }) => query.app === null || name === query.app)) {
      if (query.level === 'app') for (const metric of query.metrics) put(this.#track(app.name, null, metric), OF_APP[metric](app), late);
      else
        for (const [slot, worker] of currentWorkers(app.workers))
          for (const metric of query.metrics) put(this.#track(app.name, slot, metric), OF_WORKER[metric](worker), late);
    }
  }

  /** Adds the daemon's history; values recorded here take precedence. */
  recall(series: readonly HistorySeries[]): void {
    for (const { app, slot, metric, from, values } of series) {
      const first = Math.floor(from / this.#stepMs);
      if (this.#last === 0) this.#last = first + values.length - 1;
      const known = this.#track(app, slot, metric).values;
      for (const [index, value] of values.entries()) {
        const at = this.query.points - 1 - (this.#last - first - index);
        if (known[at] === null) known[at] = value;
      }
    }
  }

  #track(app: string, slot: number | null, metric: string): Track {
    const key = `${app} ${slot} ${metric}`;
    let track = this.#tracks.get(key);
    if (track === undefined) this.#tracks.set(key, (track = { slot, values: nothing(this.query.points), now: null, seen: 0 }));
    return track;
  }

  /** Moves on to a step. Returns how many skipped steps the next values also fill. If the clock went back, starts over. */
  #advance(step: number): number {
    const { points } = this.query;
    const newer = step < this.#last ? points : Math.min(step - this.#last, points);
    const isLate = this.#last > 0 && newer * this.#stepMs <= LATE_MS;
    this.#last = step;
    if (newer === 0) return 0;
    for (const track of this.#tracks.values()) {
      track.values = [...track.values.slice(newer), ...nothing(newer)];
      track.seen = 0;
    }
    return isLate ? newer - 1 : 0;
  }
}

const nothing = (length: number): null[] => new Array<null>(length).fill(null);

function put(track: Track, value: number | null, late: number): void {
  track.now = value;
  if (value === null) return;
  const { values } = track;
  const mean = track.seen === 0 ? 0 : (values.at(-1) ?? 0);
  track.seen += 1;
  values[values.length - 1] = mean + (value - mean) / track.seen;
  if (late > 0) values.fill(value, -1 - late, -1);
}
