import { currentWorkers } from '../lifecycle/current-workers.ts';
import { APP_METRICS, RESOLUTIONS, SLOT_METRICS, type AppMetric, type Resolution, type SlotMetric } from '../protocol/history.ts';
import type { WorkerSnapshot } from '../protocol/snapshot.ts';
import type { AppStats } from '../protocol/stats.ts';
import { TimeRing } from './time-ring.ts';

const SECOND_MS = 1_000;
/** Primaries of idle apps tell every 5 s that nothing changed; after so long without a word nothing is known. */
const HOLD_MS = 10_000;

/** Values of a series, one a step, the last one of now. */
export interface Read {
  readonly fromMs: number;
  readonly stepMs: number;
  readonly values: readonly (number | null)[];
}

/** The same series at each resolution. */
class Track {
  readonly #rings: Readonly<Record<Resolution, TimeRing>>;
  #heard: { readonly atMs: number; readonly values: readonly number[] } | null = null;
  /** The second that was written last. */
  #written = 0;

  constructor(series: number) {
    this.#rings = {
      '1s': new TimeRing(series, RESOLUTIONS['1s']),
      '10s': new TimeRing(series, RESOLUTIONS['10s']),
      '1m': new TimeRing(series, RESOLUTIONS['1m']),
    };
  }

  put(atMs: number, values: readonly number[]): void {
    const second = Math.floor(atMs / SECOND_MS);
    this.#hold(second - 1);
    this.#write(second, values);
    this.#heard = { atMs, values };
  }

  read(series: number, resolution: Resolution, nowMs: number): Read {
    this.#hold(Math.floor(nowMs / SECOND_MS));
    const ring = this.#rings[resolution];
    return { ...ring.read(series, nowMs), stepMs: ring.stepMs };
  }

  /** The last values go on until somebody says otherwise, a short time long. */
  #hold(until: number): void {
    if (this.#heard === null) return;
    const { atMs, values } = this.#heard;
    const end = Math.min(until, Math.floor((atMs + HOLD_MS) / SECOND_MS));
    while (this.#written < end) this.#write(this.#written + 1, values);
  }

  #write(second: number, values: readonly number[]): void {
    this.#written = second;
    for (const ring of Object.values(this.#rings)) ring.put(second * SECOND_MS, values);
  }
}

/** What is remembered of one app and its slots; of bounded size, without a clock. */
export class History {
  readonly #app = new Track(APP_METRICS.length);
  readonly #slots = new Map<number, Track>();

  /** @param atMs monotonic. */
  record(atMs: number, stats: AppStats): void {
    this.#app.put(atMs, appValues(stats));
    const workers = currentWorkers(stats.workers);
    for (const slot of this.#slots.keys()) if (slot >= stats.instances && !workers.has(slot)) this.#slots.delete(slot);
    for (const [slot, worker] of workers) {
      let track = this.#slots.get(slot);
      if (track === undefined) this.#slots.set(slot, (track = new Track(SLOT_METRICS.length)));
      track.put(atMs, slotValues(worker));
    }
  }

  /** The slots of which something is known. */
  get slots(): readonly number[] {
    return [...this.#slots.keys()].sort((a, b) => a - b);
  }

  app(metric: AppMetric, resolution: Resolution, nowMs: number): Read {
    return this.#app.read(APP_METRICS.indexOf(metric), resolution, nowMs);
  }

  /** Null for a slot that is not known. */
  slot(slot: number, metric: SlotMetric, resolution: Resolution, nowMs: number): Read | null {
    return this.#slots.get(slot)?.read(SLOT_METRICS.indexOf(metric), resolution, nowMs) ?? null;
  }
}

const orNone = (value: number | null): number => value ?? Number.NaN;

/** In the order of `APP_METRICS`. */
function appValues({ cpuPercent, memoryBytes, requestsPerSecond, p50Ms, p95Ms, p99Ms, errorRate, connections, ready }: AppStats): number[] {
  return [orNone(cpuPercent), orNone(memoryBytes), requestsPerSecond, orNone(p50Ms), orNone(p95Ms), orNone(p99Ms), orNone(errorRate), connections, ready];
}

/** In the order of `SLOT_METRICS`. */
function slotValues({ cpuPercent, memoryBytes, eventLoopUtilization, eventLoopDelayMs, requestsPerSecond, p95Ms, connections }: WorkerSnapshot): number[] {
  return [orNone(cpuPercent), orNone(memoryBytes), eventLoopUtilization, eventLoopDelayMs, requestsPerSecond, orNone(p95Ms), connections];
}
