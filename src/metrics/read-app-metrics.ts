import { APP_METRIC_TYPES, type AppMetric, type AppValue } from '../protocol/app-metrics.ts';
import { isObject } from '../protocol/parser.ts';

const METRIC_NAME = /^[A-Za-z_:][\w:]*$/;
const LABEL_NAME = /^[A-Za-z_]\w*$/;
/** Prefix of `lb`'s own metrics. */
const RESERVED = 'lb_';
const SUFFIXES = ['', '_bucket', '_sum', '_count'] as const;

export interface ReadMetrics {
  readonly metrics: readonly AppMetric[];
  /** Names of refused metrics. */
  readonly refused: readonly string[];
}

/** Parses a worker's metrics; null if the text is invalid. */
export function parseAppMetrics(text: string): ReadMetrics | null {
  let told: unknown;
  try {
    told = JSON.parse(text);
  } catch {
    return null;
  }
  if (!Array.isArray(told)) return null;
  const metrics: AppMetric[] = [];
  const refused: string[] = [];
  for (const one of told as unknown[]) {
    const metric = metricOf(one);
    if (typeof metric === 'string') refused.push(metric);
    else metrics.push(metric);
  }
  return { metrics, refused };
}

/** The metric, or its name if it is refused. */
function metricOf(told: unknown): AppMetric | string {
  const { name, help, type: given, aggregator, values } = isObject(told) ? told : {};
  const type = APP_METRIC_TYPES.find((known) => known === given);
  if (typeof name !== 'string' || !METRIC_NAME.test(name) || name.startsWith(RESERVED) || type === undefined || !Array.isArray(values)) return String(name);
  return {
    name,
    type,
    help: typeof help === 'string' ? help : '',
    aggregator: typeof aggregator === 'string' ? aggregator : 'sum',
    values: (values as unknown[]).flatMap(valueOf),
  };
}

/** Drops invalid samples, and null values: JSON has neither NaN nor infinity. */
function valueOf(told: unknown): readonly AppValue[] {
  const { suffix: given, labels, value } = isObject(told) ? told : {};
  const suffix = SUFFIXES.find((known) => known === given);
  if (typeof value !== 'number' || suffix === undefined) return [];
  const named = Object.entries(isObject(labels) ? labels : {});
  if (named.some(([name]) => !LABEL_NAME.test(name))) return [];
  return [{ suffix, labels: Object.fromEntries(named.map(([name, text]) => [name, typeof text === 'number' ? text : String(text)])), value }];
}
