import { currentWorkers } from '../lifecycle/current-workers.ts';
import { APP_METRICS, type HistorySeries } from '../protocol/history.ts';
import type { AppSnapshot } from '../protocol/snapshot.ts';
import { MEASURES, type Measure } from './measures.ts';

/** Time span of the charts. */
export const SPAN_SECONDS = 300;

/** All measures of all apps in one second: per app a row for the app, then one per slot. NaN for no value. */
export interface Sample {
  readonly second: number;
  readonly apps: ReadonlyMap<string, Float32Array>;
}

export function takeSample(at: number, apps: readonly AppSnapshot[]): Sample {
  return { second: secondOf(at), apps: new Map(apps.map((app) => [app.name, rowsOf(app)])) };
}

/** Appends a sample and drops old ones; if the clock went back, also the later ones. */
export function addSample(history: readonly Sample[], sample: Sample): readonly Sample[] {
  const kept = history.filter(({ second }) => second < sample.second && second > sample.second - SPAN_SECONDS);
  kept.push(sample);
  return kept;
}

/** Adds the daemon's history; samples taken here take precedence. */
export function recall(history: readonly Sample[], series: readonly HistorySeries[]): readonly Sample[] {
  const newest = history.at(-1)?.second ?? Math.max(0, ...series.map(({ from, stepMs, values }) => secondOf(from + (values.length - 1) * stepMs)));
  const known = new Map(history.map((sample) => [sample.second, sample.apps]));
  const names = [...new Set(series.map(({ app }) => app))];
  const slots = new Map(names.map((name) => [name, Math.max(0, ...series.filter(({ app }) => app === name).map(({ slot }) => (slot ?? -1) + 1))]));
  const samples = Array.from({ length: SPAN_SECONDS }, (_, index) => {
    const second = newest - SPAN_SECONDS + 1 + index;
    const apps = new Map(known.get(second));
    for (const name of names) apps.set(name, withRoom(apps.get(name), (slots.get(name) ?? 0) + 1));
    return { second, apps };
  });
  for (const one of series) fill(samples, one);
  return samples;
}

export interface Subject {
  readonly app: string;
  /** Null for the app as a whole. */
  readonly slot: number | null;
  readonly measure: Measure;
}

export interface SeriesQuery extends Subject {
  /** Each column covers the same number of seconds; the last one ends now. */
  readonly columns: number;
}

/** The value of the last second, as in the tables; null if there is none. */
export function latest(history: readonly Sample[], subject: Subject): number | null {
  const value = history.at(-1)?.apps.get(subject.app)?.[indexOf(subject)];
  return value === undefined || Number.isNaN(value) ? null : value;
}

/**
 * The values of a chart, oldest first; null where unknown. Columns end at multiples of their length, so that a chart moves only
 * once per column.
 */
export function series(history: readonly Sample[], query: SeriesQuery): (number | null)[] {
  const { app, measure, columns } = query;
  const last = history.at(-1);
  const values = new Array<number | null>(columns).fill(null);
  if (last === undefined || columns <= 0) return values;
  const seconds = Math.max(1, SPAN_SECONDS / columns);
  const end = Math.floor(last.second / seconds);
  const counts = new Array<number>(columns).fill(0);
  const at = indexOf(query);
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

/** Index of a measure in a sample. */
const indexOf = ({ slot, measure }: Subject): number => ((slot ?? -1) + 1) * MEASURES.length + MEASURES.indexOf(measure);

const secondOf = (epochMs: number): number => Math.floor(epochMs / 1000);

/** A copy with at least this many rows. */
function withRoom(rows: Float32Array | undefined, least: number): Float32Array {
  const copy = new Float32Array(Math.max(rows?.length ?? 0, least * MEASURES.length)).fill(Number.NaN);
  if (rows !== undefined) copy.set(rows);
  return copy;
}

function fill(samples: readonly Sample[], { app, slot, metric, from, stepMs, values }: HistorySeries): void {
  const measure = MEASURES.findIndex((each) => each.metric === metric);
  const first = samples[0]?.second ?? 0;
  if (measure < 0) return;
  values.forEach((value, index) => {
    const rows = samples[secondOf(from + index * stepMs) - first]?.apps.get(app);
    if (rows === undefined || value === null) return;
    const at = ((slot ?? -1) + 1) * MEASURES.length + measure;
    if (Number.isNaN(rows[at])) rows[at] = value;
    // The daemon keeps this metric only per slot; the app shows the maximum.
    if (isOfSlotsAlone(metric)) rows[measure] = Math.max(value, Number.isNaN(rows[measure]) ? 0 : (rows[measure] ?? 0));
  });
}

const isOfSlotsAlone = (metric: string): boolean => !(APP_METRICS as readonly string[]).includes(metric);

function rowsOf(app: AppSnapshot): Float32Array {
  const current = currentWorkers(app.workers);
  const slots = Math.max(0, ...[...current.keys()].map((slot) => slot + 1));
  const rows = new Float32Array((slots + 1) * MEASURES.length).fill(Number.NaN);
  MEASURES.forEach((measure, index) => {
    rows[index] = measure.ofApp(app) ?? Number.NaN;
    for (const [slot, worker] of current) rows[(slot + 1) * MEASURES.length + index] = measure.ofWorker(worker) ?? Number.NaN;
  });
  return rows;
}
