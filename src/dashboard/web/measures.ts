import type { Resolution, SlotMetric } from '../../protocol/history.ts';
import { count, millis, percent, share, size } from './format.ts';
import { keysOf } from '../../lifecycle/keys-of.ts';

export interface Measure {
  readonly title: string;
  readonly format: (value: number | null) => string;
  /** Lowest maximum of a chart's scale, so that small values look small. */
  readonly leastTop: number;
  /** Scale steps are powers of two. */
  readonly binary?: true;
}

/** Measures with a chart, in the order of the page. */
export const MEASURES: Readonly<Record<SlotMetric, Measure>> = {
  rps: { title: 'Requests/s', format: count, leastTop: 4 },
  p95: { title: 'p95', format: millis, leastTop: 4 },
  cpu: { title: 'CPU', format: percent, leastTop: 4 },
  memory: { title: 'Memory', format: size, leastTop: 64 * 1024 ** 2, binary: true },
  connections: { title: 'Connections', format: count, leastTop: 4 },
  elu: { title: 'Event loop', format: share, leastTop: 0.04 },
  delay: { title: 'Loop delay', format: millis, leastTop: 4 },
};

export const METRICS = keysOf(MEASURES);
/** Measures of an app; those of the event loop exist only per worker. */
export type AppMeasure = Exclude<SlotMetric, 'elu' | 'delay'>;
export const APP_MEASURES = METRICS.filter((metric): metric is AppMeasure => metric !== 'elu' && metric !== 'delay');

/** Time ranges of the charts, as in the URL. */
export const RANGES = { '10m': '1s', '2h': '10s', '24h': '1m' } as const satisfies Record<string, Resolution>;
export type Range = keyof typeof RANGES;
