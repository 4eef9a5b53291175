import type { AppFamily, AppMetric, AppValue } from '../protocol/app-metrics.ts';

/** Estimated size of an app's samples above which metrics are left out, because messages of a primary have a size limit. */
const MAX_CHARS = 4 * 1024 * 1024;
const CHARS_PER_SAMPLE = 80;

type Metrics = readonly AppMetric[];

export interface Sources {
  /** Metrics of workers that answered, youngest first. */
  readonly current: readonly { readonly slot: number; readonly metrics: Metrics }[];
  /** Last known counts of workers that did not answer or are gone, youngest first. */
  readonly past: readonly Metrics[];
}

interface Merged {
  readonly families: readonly AppFamily[];
  readonly leftOut: readonly string[];
}

/** A metric being merged; `layout` must be the same in all workers. */
interface Building {
  readonly first: AppMetric;
  readonly layout: string;
  readonly samples: Map<string, { readonly suffix: string; readonly labels: AppValue['labels']; readonly values: number[] }>;
}

/**
 * Sums counters and histograms over all workers, including former ones, so they never decrease. Keeps gauges and summaries per
 * slot, because their sum is rarely meaningful, unless `aggregator` is set to something other than `sum`, the default of
 * `prom-client`.
 */
export function mergeAppMetrics({ current, past }: Sources): Merged {
  const merge = new Merge();
  for (const { slot, metrics } of current) for (const metric of metrics) merge.add(metric, slot);
  for (const metrics of past) for (const metric of metrics.filter(isSummed)) merge.add(metric, null);
  return merge.result();
}

/** The counts of several workers as those of one. */
export function sumCounts(past: readonly Metrics[]): Metrics {
  const { families } = mergeAppMetrics({ current: [], past });
  return families.map(({ name, help, type, samples }) => ({ name, help, type, aggregator: 'sum', values: samples }));
}

const isSummed = ({ type }: AppMetric): boolean => type === 'counter' || type === 'histogram';

class Merge {
  readonly #metrics = new Map<string, Building>();
  readonly #leftOut = new Set<string>();
  #chars = 0;

  add(metric: AppMetric, slot: number | null): void {
    if (metric.aggregator === 'omit' || metric.values.length === 0) return;
    const { name } = metric;
    const layout = layoutOf(metric);
    let building = this.#metrics.get(name);
    if (building === undefined) this.#metrics.set(name, (building = { first: metric, layout, samples: new Map() }));
    if (building.layout !== layout) return void this.#leftOut.add(name);
    const labelSlot = !isSummed(metric) && !REDUCERS.has(building.first.aggregator);
    for (const { suffix, labels: own, value } of metric.values) {
      const labels = labelSlot && slot !== null ? { ...renamed(own), slot } : renamed(own);
      const key = keyOf(suffix, labels);
      const sample = building.samples.get(key);
      if (sample === undefined && this.#hasRoom(key)) building.samples.set(key, { suffix, labels, values: [value] });
      else if (sample === undefined) this.#leftOut.add(name);
      // During a reload, a slot briefly has two ready workers: the youngest counts.
      else if (!labelSlot) sample.values.push(value);
    }
  }

  result(): Merged {
    const families = [...this.#metrics.values()].map(({ first, samples }): AppFamily => {
      const reduce = isSummed(first) ? sum : (REDUCERS.get(first.aggregator) ?? sum);
      const { name, help, type } = first;
      return { name, help, type, samples: [...samples.values()].map(({ suffix, labels, values }) => ({ suffix, labels, value: reduce(values) })) };
    });
    return { families: families.sort((a, b) => (a.name < b.name ? -1 : 1)), leftOut: [...this.#leftOut] };
  }

  #hasRoom(key: string): boolean {
    if (this.#chars > MAX_CHARS) return false;
    this.#chars += key.length + CHARS_PER_SAMPLE;
    return true;
  }
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** By `aggregator`; any other keeps the values per slot. */
const REDUCERS: ReadonlyMap<string, (values: readonly number[]) => number> = new Map([
  ['first', ([first = 0]: readonly number[]) => first],
  ['min', (values) => Math.min(...values)],
  ['max', (values) => Math.max(...values)],
  ['average', (values) => sum(values) / values.length],
]);

/** The type, and for a histogram its buckets; different ones, from another version of the app, can't be added. */
function layoutOf({ type, values }: AppMetric): string {
  return type === 'histogram' ? [...new Set(values.flatMap(({ labels: { le } }) => (le === undefined ? [] : [String(le)])))].sort().join(' ') : type;
}

/** `app` and `slot` are reserved, so the app's own become `exported_app` and `exported_slot`, as in Prometheus. */
function renamed(labels: AppValue['labels']): AppValue['labels'] {
  if (labels['app'] === undefined && labels['slot'] === undefined) return labels;
  return Object.fromEntries(Object.entries(labels).map(([name, value]) => [name === 'app' || name === 'slot' ? `exported_${name}` : name, value]));
}

const keyOf = (suffix: string, labels: AppValue['labels']): string => suffix + JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
