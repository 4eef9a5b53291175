import { isObject } from '../protocol/parser.ts';
import type { AppMetric, AppValue } from '../protocol/app-metrics.ts';

/** If the metrics are larger than this, the worker does not answer. */
const MAX_CHARS = 1024 * 1024;
const INDEX = '/node_modules/prom-client/index.js';

interface PromMetric {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly aggregator?: string;
  readonly values: readonly { readonly metricName?: string; readonly labels: AppValue['labels']; readonly value: number }[];
}

interface PromClient {
  readonly register: { getMetricsAsJSON(): Promise<readonly PromMetric[]> };
}

/**
 * Reads the default registries of every copy of `prom-client` that the app has loaded, with `require` or `import`, as JSON.
 * Returns null if they are too large or a metric's `collect` throws. Never loads `prom-client` itself.
 */
export async function readAppMetrics(): Promise<string | null> {
  try {
    const text = JSON.stringify((await collect()).map(metricOf));
    return text.length > MAX_CHARS ? null : text;
  } catch {
    return null;
  }
}

async function collect(): Promise<readonly PromMetric[]> {
  const { cache } = process.getBuiltinModule('node:module').createRequire(process.execPath);
  const copies = Object.keys(cache)
    .filter((path) => path.endsWith(INDEX))
    .map((path): unknown => cache[path]?.exports)
    .filter(isPromClient);
  return (await Promise.all(copies.map(({ register }) => register.getMetricsAsJSON()))).flat();
}

const isPromClient = (copy: unknown): copy is PromClient =>
  isObject(copy) && isObject(copy['register']) && typeof copy['register']['getMetricsAsJSON'] === 'function';

function metricOf({ name, help, type, aggregator, values }: PromMetric): Omit<AppMetric, 'type'> & { readonly type: string } {
  return {
    name,
    help,
    type,
    aggregator: aggregator ?? 'sum',
    values: values.map(({ metricName, labels, value }) => ({
      suffix: metricName?.startsWith(name) === true ? metricName.slice(name.length) : '',
      labels,
      value,
    })),
  };
}
