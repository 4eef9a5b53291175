import type { ScaleMetric, ScaleSpec } from './app-spec.ts';

/** What an app did in one second. */
export interface LoadSample {
  /** Monotonic. */
  readonly at: number;
  /** Workers that shared the load. */
  readonly ready: number;
  /** Averages of these workers, in shares of one core: 0.6 is 60 %. A worker can use more than one core. */
  readonly elu: number;
  readonly cpu: number;
  /** Of the app. */
  readonly requestsPerSecond: number;
  /**
   * 95th percentile of the answers of this second, with what a request typically waited for the event loop before Node read
   * it; null without any.
   */
  readonly p95Ms: number | null;
  readonly answers: number;
  /** Connections that waited for a worker. */
  readonly queued: number;
}

/** Below this, a percentile is the luck of a few requests. */
const FEW_ANSWERS = 100;

/** How busy workers may become when a p95 alone would allow to have fewer: latency tells late that a worker is full. */
export const BUSY_ENOUGH = 0.6;

/** The target's measure over some seconds; null when they tell nothing. */
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

/** How busy the workers were, whatever keeps them busy: JavaScript, or Node's own threads. */
export function busyness(window: readonly LoadSample[]): number {
  return mean(window.map(({ elu, cpu }) => Math.max(elu, cpu)));
}

/**
 * How many of the workers there are the load of some seconds needs, as a share; above 1 it needs more. Null when they
 * tell nothing. A p95 says only that there are too few; whether fewer would do is judged by how busy they are.
 */
export function demand({ metric, value }: ScaleSpec['target'], window: readonly LoadSample[]): number | null {
  const measured = measure(metric, window);
  if (metric !== 'p95_ms') return measured === null ? null : measured / value;
  if (window.length === 0) return null;
  const latency = measured === null ? 0 : measured / value;
  return Math.max(latency > ENOUGH ? 1 : 0, busyness(window) / BUSY_ENOUGH);
}

/** Up to this share of the target there is room: what a scale-down leaves, well below what calls for the next worker. */
export const ENOUGH = 0.9;

/** The percentiles of the seconds, each weighing as much as it had answers. */
function p95Of(window: readonly LoadSample[]): number | null {
  let [sum, answers] = [0, 0];
  for (const { p95Ms, answers: n } of window) {
    sum += (p95Ms ?? 0) * n;
    answers += n;
  }
  return answers < FEW_ANSWERS ? null : sum / answers;
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}
