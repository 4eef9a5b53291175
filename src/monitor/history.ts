import type { AppSnapshot, WorkerSnapshot } from '../protocol/snapshot.ts';
import { MEASURES, type Measure } from './measures.ts';

/** So far back look the charts. */
export const SPAN_SECONDS = 300;

/** All measures of all apps in one second: for each app a row of its own, then one per slot; NaN is nothing. */
export interface Sample {
  readonly second: number;
  readonly apps: ReadonlyMap<string, Float32Array>;
}

export function takeSample(at: number, apps: readonly AppSnapshot[]): Sample {
  return { second: Math.floor(at / 1000), apps: new Map(apps.map((app) => [app.name, rowsOf(app)])) };
}

/** The samples with one more, without those that are too old; a clock that went back begins anew. */
export function addSample(history: readonly Sample[], sample: Sample): readonly Sample[] {
  const kept = history.filter(({ second }) => second < sample.second && second > sample.second - SPAN_SECONDS);
  kept.push(sample);
  return kept;
}

export interface SeriesQuery {
  readonly app: string;
  /** Null is the app as a whole. */
  readonly slot: number | null;
  readonly measure: Measure;
  /** Each one stands for the same number of seconds; the last one is now. */
  readonly columns: number;
}

/** The values of a chart, oldest first; null where nothing is known. Columns end at whole multiples of their seconds, so that a chart moves seldom. */
export function series(history: readonly Sample[], { app, slot, measure, columns }: SeriesQuery): (number | null)[] {
  const last = history.at(-1);
  const values = new Array<number | null>(columns).fill(null);
  if (last === undefined || columns <= 0) return values;
  const seconds = Math.max(1, Math.ceil(SPAN_SECONDS / columns));
  const end = Math.floor(last.second / seconds);
  const counts = new Array<number>(columns).fill(0);
  const at = ((slot ?? -1) + 1) * MEASURES.length + MEASURES.indexOf(measure);
  for (const sample of history) {
    const value = sample.apps.get(app)?.[at];
    const column = columns - 1 - (end - Math.floor(sample.second / seconds));
    if (value === undefined || Number.isNaN(value) || column < 0) continue;
    const before = values[column] ?? null;
    const seen = (counts[column] = (counts[column] ?? 0) + 1);
    if (before === null) values[column] = value;
    else values[column] = measure.merge === 'max' ? Math.max(before, value) : before + (value - before) / seen;
  }
  return values;
}

function rowsOf(app: AppSnapshot): Float32Array {
  const current = currentWorkers(app.workers);
  const rows = new Float32Array((current.length + 1) * MEASURES.length).fill(Number.NaN);
  MEASURES.forEach((measure, index) => {
    rows[index] = measure.ofApp(app) ?? Number.NaN;
    current.forEach((worker, slot) => {
      if (worker !== undefined) rows[(slot + 1) * MEASURES.length + index] = measure.ofWorker(worker) ?? Number.NaN;
    });
  });
  return rows;
}

/** By slot, the newest worker: an old one that drains beside it is history. */
function currentWorkers(workers: readonly WorkerSnapshot[]): readonly (WorkerSnapshot | undefined)[] {
  const bySlot: WorkerSnapshot[] = [];
  for (const worker of workers) {
    const other = bySlot[worker.slot];
    if (other === undefined || worker.startedAt >= other.startedAt) bySlot[worker.slot] = worker;
  }
  return Array.from(bySlot);
}
