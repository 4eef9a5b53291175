import type { ScaleMetric, ScaleSpec } from './app-spec.ts';

/** The load of an app during one second. */
export interface LoadSample {
  /** Monotonic. */
  readonly at: number;
  /** Ready workers, which share the load. */
  readonly ready: number;
  /** Averages over these workers, in shares of one core: 0.6 is 60 %. A worker can use more than one core. */
  readonly elu: number;
  readonly cpu: number;
  /** All workers together. */
  readonly requestsPerSecond: number;
  /**
   * 95th percentile of the response times, plus the typical time that a request waits in the event loop before Node.js reads
   * it; null without requests.
   */
  readonly p95Ms: number | null;
  readonly answers: number;
  /** Connections waiting for a worker. */
  readonly queued: number;
}

/** With fewer answers, a percentile is noise. */
const MIN_ANSWERS = 100;

/** Utilization up to which a p95 target may scale down: latency rises only when a worker is already full. */
export const MAX_UTILIZATION = 0.6;

/** Average of the target's metric over the window; null if there is too little data. */
export function measure(metric: ScaleMetric, window: readonly LoadSample[]): number | null {
  const shared = window.filter(({ ready }) => ready > 0);
  if (shared.length === 0) return null;
  switch (metric) {
    case 'elu':
      return mean(shared.map(({ elu }) => elu));
    case 'cpu':
      return mean(shared.map(({ cpu }) => cpu));
    case 'rps_per_worker':
      return mean(shared.map(({ requestsPerSecond, ready }) => requestsPerSecond / ready));
    case 'p95_ms':
      return p95Of(shared);
  }
}

/** Utilization of the workers, whether by JavaScript or by Node's own threads. */
export function utilization(window: readonly LoadSample[]): number {
  return mean(window.map(({ elu, cpu }) => Math.max(elu, cpu)));
}

/**
 * Share of the current workers that the load needs; above 1 it needs more. Null if there is too little data. A high p95 calls
 * for more workers; whether fewer would do depends on utilization.
 */
export function demand({ metric, value }: ScaleSpec['target'], window: readonly LoadSample[]): number | null {
  const measured = measure(metric, window);
  if (metric !== 'p95_ms') return measured === null ? null : measured / value;
  if (window.length === 0) return null;
  const latency = measured === null ? 0 : measured / value;
  return Math.max(latency > DOWN_SHARE ? 1 : 0, utilization(window) / MAX_UTILIZATION);
}

/** Share of the target that a scale-down may leave the workers at. It stays well below what triggers a scale-up. */
export const DOWN_SHARE = 0.9;

/** Average of the percentiles, weighted by the number of answers. */
function p95Of(window: readonly LoadSample[]): number | null {
  let [sum, answers] = [0, 0];
  for (const { p95Ms, answers: n } of window) {
    sum += (p95Ms ?? 0) * n;
    answers += n;
  }
  return answers < MIN_ANSWERS ? null : sum / answers;
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}
