/** Metrics of an app's own `prom-client` registry, on their way from its workers over the primary to the daemon. */
export const APP_METRIC_TYPES = ['counter', 'gauge', 'histogram', 'summary'] as const;
export type AppMetricType = (typeof APP_METRIC_TYPES)[number];

/** As one worker tells it; of `register.getMetricsAsJSON()` what is needed. */
export interface AppMetric {
  readonly name: string;
  readonly help: string;
  readonly type: AppMetricType;
  /** What `prom-client` is told to make of the values of several workers. */
  readonly aggregator: string;
  readonly values: readonly AppValue[];
}

export interface AppValue {
  /** After the metric's name: `_bucket`, `_sum`, `_count` or nothing. */
  readonly suffix: string;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
}

/** One metric over all workers. */
export interface AppFamily {
  readonly name: string;
  readonly help: string;
  readonly type: AppMetricType;
  readonly samples: readonly AppValue[];
}

/** What all workers of an app had to tell. */
export interface MergedMetrics {
  readonly families: readonly AppFamily[];
  /** Workers that did not answer in time, or with too much. */
  readonly missing: number;
  /** Names of metrics of which something could not be taken. */
  readonly leftOut: readonly string[];
}
