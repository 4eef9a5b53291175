/** Metrics of an app's own `prom-client` registry, on their way from the workers via the primary to the daemon. */
export const APP_METRIC_TYPES = ['counter', 'gauge', 'histogram', 'summary'] as const;
export type AppMetricType = (typeof APP_METRIC_TYPES)[number];

/** A metric of one worker: the needed part of `register.getMetricsAsJSON()`. */
export interface AppMetric {
  readonly name: string;
  readonly help: string;
  readonly type: AppMetricType;
  /** How `prom-client` should aggregate the values of several workers. */
  readonly aggregator: string;
  readonly values: readonly AppValue[];
}

export interface AppValue {
  /** Follows the metric's name: `_bucket`, `_sum`, `_count` or nothing. */
  readonly suffix: string;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
}

/** A metric merged across all workers. */
export interface AppFamily {
  readonly name: string;
  readonly help: string;
  readonly type: AppMetricType;
  readonly samples: readonly AppValue[];
}

/** The merged metrics of an app. */
export interface MergedMetrics {
  readonly families: readonly AppFamily[];
  /** Workers that did not answer in time, or sent too much. */
  readonly missing: number;
  /** Names of metrics that were left out, entirely or partly. */
  readonly leftOut: readonly string[];
}
