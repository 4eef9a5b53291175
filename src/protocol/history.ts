/** What the daemon remembers, and for how long: a second each of ten minutes, ten seconds of two hours, a minute of a day. */
export const RESOLUTIONS = {
  '1s': { stepMs: 1_000, points: 600 },
  '10s': { stepMs: 10_000, points: 720 },
  '1m': { stepMs: 60_000, points: 1_440 },
} as const;
export type Resolution = keyof typeof RESOLUTIONS;

/** `cpu` in percent of a core, `memory` in bytes, `rps` requests per second, `p50`, `p95`, `p99` and the event loop's `delay` milliseconds, `errors` and `elu` shares of 1, `connections` open, `ready` workers. */
export const APP_METRICS = ['cpu', 'memory', 'rps', 'p50', 'p95', 'p99', 'errors', 'connections', 'ready'] as const;
export const SLOT_METRICS = ['cpu', 'memory', 'elu', 'delay', 'rps', 'p95', 'connections'] as const;
export type HistoryMetric = (typeof APP_METRICS)[number];
export type SlotMetric = (typeof SLOT_METRICS)[number];
/** Whose history: an app's as a whole, or its slots'. */
export const LEVELS = ['app', 'slot'] as const;

/** The answer of `GET /v1/history`: one value a step, the last one of now; null where nothing is known. */
export interface HistoryAnswer {
  /** Epoch milliseconds of the first value. */
  readonly from: number;
  readonly stepMs: number;
  readonly values: readonly (number | null)[];
}

/** One of several histories; without a slot it is of the app as a whole. */
export interface HistorySeries extends HistoryAnswer {
  readonly app: string;
  readonly slot: number | null;
  readonly metric: HistoryMetric | SlotMetric;
}

/** The answer of `GET /v1/histories`: of every app, or of one app and its slots. Values have five digits that matter. */
export interface HistoriesAnswer {
  readonly series: readonly HistorySeries[];
}
