/** What the daemon keeps: 1 s steps for ten minutes, 10 s steps for two hours, 1 min steps for a day. */
export const RESOLUTIONS = {
  '1s': { stepMs: 1_000, points: 600 },
  '10s': { stepMs: 10_000, points: 720 },
  '1m': { stepMs: 60_000, points: 1_440 },
} as const;
export type Resolution = keyof typeof RESOLUTIONS;

/**
 * Units: `cpu` is percent of one core; `memory` is bytes; `rps` is requests per second; `p50`, `p95`, `p99` and the event
 * loop's `delay` are milliseconds; `errors` and `elu` are shares of 1; `connections` are open ones; `ready` is a number of
 * workers.
 */
export const APP_METRICS = ['cpu', 'memory', 'rps', 'p50', 'p95', 'p99', 'errors', 'connections', 'ready'] as const;
export const SLOT_METRICS = ['cpu', 'memory', 'elu', 'delay', 'rps', 'p95', 'connections'] as const;
export type HistoryMetric = (typeof APP_METRICS)[number];
export type SlotMetric = (typeof SLOT_METRICS)[number];
/** Of the app as a whole, or per slot. */
export const LEVELS = ['app', 'slot'] as const;

/** The answer of `GET /v1/history`: one value per step, the last one for now; null if unknown. */
export interface HistoryAnswer {
  /** Epoch milliseconds of the first value. */
  readonly from: number;
  readonly stepMs: number;
  readonly values: readonly (number | null)[];
}

/** One of several histories; slot null is the app as a whole. */
export interface HistorySeries extends HistoryAnswer {
  readonly app: string;
  readonly slot: number | null;
  readonly metric: HistoryMetric | SlotMetric;
}

/** The answer of `GET /v1/histories`: of all apps, or of one app and its slots. Values have five significant digits. */
export interface HistoriesAnswer {
  readonly series: readonly HistorySeries[];
}
