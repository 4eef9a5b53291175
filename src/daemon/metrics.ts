import { LbError } from '../errors/lb-error.ts';
import { keysOf } from '../lifecycle/keys-of.ts';
import { appFamilies, type ReportedApp } from '../metrics/app-families.ts';
import { exposition } from '../metrics/exposition.ts';
import { History, type SeriesValues } from '../metrics/history.ts';
import { families, type DaemonFacts } from '../metrics/prometheus.ts';
import { APP_METRICS, LEVELS, RESOLUTIONS, SLOT_METRICS, type HistoriesAnswer, type HistoryAnswer, type HistorySeries } from '../protocol/history.ts';
import type { AppStats } from '../protocol/stats.ts';
import { now, wallNow } from '../system/clock.ts';
import type { PersistentCounters } from './persistent-counters.ts';

interface MetricsOptions {
  readonly totals: PersistentCounters;
  readonly facts: () => DaemonFacts;
  /** The latest stats of every app. */
  readonly apps: () => readonly AppStats[];
  /** The `prom-client` metrics of the apps that share them. */
  readonly own: () => Promise<readonly ReportedApp[]>;
}

/** Metrics of the apps: Prometheus' text, and the history of a day. */
export class Metrics {
  readonly #options: MetricsOptions;
  readonly #histories = new Map<string, History>();

  constructor(options: MetricsOptions) {
    this.#options = options;
  }

  record(stats: AppStats): void {
    let history = this.#histories.get(stats.name);
    if (history === undefined) this.#histories.set(stats.name, (history = new History()));
    history.record(now(), stats);
  }

  forget(app: string): void {
    this.#histories.delete(app);
  }

  /** Saves all counters before it reports them, so that none decreases, whatever is killed. */
  async exposition(): Promise<string> {
    const { totals, facts, apps, own } = this.#options;
    const ofApps = await own();
    const stats = apps();
    await totals.save();
    return exposition([...families(stats, facts()), ...appFamilies(ofApps)]);
  }

  /** @throws LbError LB_ERR_MESSAGE for an unknown metric or resolution */
  history(app: string, query: URLSearchParams): HistoryAnswer {
    const resolution = oneOf(query, 'resolution', keysOf(RESOLUTIONS));
    const at = now();
    const history = this.#histories.get(app);
    const slot = wholeOf(query, 'slot');
    const read =
      slot === null
        ? history?.app(oneOf(query, 'metric', APP_METRICS), resolution, at)
        : history?.slot(slot, oneOf(query, 'metric', SLOT_METRICS), resolution, at);
    if (read === undefined || read === null) return { from: wallNow(), stepMs: RESOLUTIONS[resolution].stepMs, values: [] };
    return { from: Math.round(wallNow() - at + read.fromMs), stepMs: read.stepMs, values: read.values };
  }

  /** The latest values of many series: of all apps, or of one app and its slots. @throws LbError LB_ERR_MESSAGE for an unknown resolution or level */
  histories(query: URLSearchParams): HistoriesAnswer {
    const resolution = oneOf(query, 'resolution', keysOf(RESOLUTIONS));
    const points = wholeOf(query, 'points') ?? RESOLUTIONS[resolution].points;
    const [only, metrics] = [query.get('app'), query.getAll('metric')];
    const level = query.has('level') ? oneOf(query, 'level', LEVELS) : null;
    const wanted = (metric: string): boolean => metrics.length === 0 || metrics.includes(metric);
    const at = now();
    const seriesOf = (app: string, slot: number | null, metric: HistorySeries['metric'], read: SeriesValues | null): HistorySeries[] => {
      if (read === null || read.values.length === 0) return [];
      const values = read.values.slice(-points);
      const fromMs = read.fromMs + (read.values.length - values.length) * read.stepMs;
      return [{ app, slot, metric, from: Math.round(wallNow() - at + fromMs), stepMs: read.stepMs, values: values.map(rounded) }];
    };
    const series = [...this.#histories].flatMap(([app, history]) => {
      if (only !== null && only !== app) return [];
      const whole = (level === 'slot' ? [] : APP_METRICS).filter(wanted).flatMap((metric) => seriesOf(app, null, metric, history.app(metric, resolution, at)));
      const slots = only === null || level === 'app' ? [] : history.slots;
      return [
        ...whole,
        ...slots.flatMap((slot) => SLOT_METRICS.filter(wanted).flatMap((metric) => seriesOf(app, slot, metric, history.slot(slot, metric, resolution, at)))),
      ];
    });
    return { series };
  }
}

/** Enough digits for any chart. */
const rounded = (value: number | null): number | null => (value === null ? null : Number(value.toPrecision(5)));

function oneOf<T extends string>(query: URLSearchParams, name: string, values: readonly T[]): T {
  const given = query.get(name);
  const value = values.find((one) => one === given);
  if (value === undefined) throw new LbError('LB_ERR_MESSAGE', { what: 'query', path: name, expected: `one of ${values.join(', ')}`, got: given ?? 'nothing' });
  return value;
}

function wholeOf(query: URLSearchParams, name: string): number | null {
  const text = query.get(name);
  if (text === null) return null;
  if (!/^\d{1,4}$/.test(text)) throw new LbError('LB_ERR_MESSAGE', { what: 'query', path: name, expected: 'a whole number', got: text });
  return Number(text);
}
