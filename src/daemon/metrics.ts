import { LbError } from '../errors/lb-error.ts';
import { keysOf } from '../lifecycle/keys-of.ts';
import { appFamilies, type ToldApp } from '../metrics/app-families.ts';
import { exposition } from '../metrics/exposition.ts';
import { History, type Read } from '../metrics/history.ts';
import { families, type DaemonFacts } from '../metrics/prometheus.ts';
import { APP_METRICS, LEVELS, RESOLUTIONS, SLOT_METRICS, type HistoriesAnswer, type HistoryAnswer, type HistorySeries } from '../protocol/history.ts';
import type { AppStats } from '../protocol/stats.ts';
import { now, wallNow } from '../system/clock.ts';
import type { PersistentCounters } from './persistent-counters.ts';

interface MetricsOptions {
  readonly totals: PersistentCounters;
  readonly facts: () => DaemonFacts;
  /** Every app as it was last heard of. */
  readonly apps: () => readonly AppStats[];
  /** The apps' own metrics, of those that share them. */
  readonly own: () => Promise<readonly ToldApp[]>;
}

/** What the daemon tells of its apps over time: Prometheus' text, and the history of a day. */
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

  /** Everything it tells is on disk before it is told: no counter goes backwards, whoever is killed next. */
  async exposition(): Promise<string> {
    const { totals, facts, apps, own } = this.#options;
    const ofApps = await own();
    const told = apps();
    await totals.save();
    return exposition([...families(told, facts()), ...appFamilies(ofApps)]);
  }

  /** @throws LbError LB_ERR_MESSAGE for a metric or a resolution that there is not. */
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

  /** The last values of many series at once: of all apps, or of one and its slots. @throws LbError LB_ERR_MESSAGE for a resolution or a level that there is not. */
  histories(query: URLSearchParams): HistoriesAnswer {
    const resolution = oneOf(query, 'resolution', keysOf(RESOLUTIONS));
    const points = wholeOf(query, 'points') ?? RESOLUTIONS[resolution].points;
    const [only, metrics] = [query.get('app'), query.getAll('metric')];
    const level = query.has('level') ? oneOf(query, 'level', LEVELS) : null;
    const wanted = (metric: string): boolean => metrics.length === 0 || metrics.includes(metric);
    const at = now();
    const told = (app: string, slot: number | null, metric: HistorySeries['metric'], read: Read | null): HistorySeries[] => {
      if (read === null || read.values.length === 0) return [];
      const values = read.values.slice(-points);
      const fromMs = read.fromMs + (read.values.length - values.length) * read.stepMs;
      return [{ app, slot, metric, from: Math.round(wallNow() - at + fromMs), stepMs: read.stepMs, values: values.map(rounded) }];
    };
    const series = [...this.#histories].flatMap(([app, history]) => {
      if (only !== null && only !== app) return [];
      const whole = (level === 'slot' ? [] : APP_METRICS).filter(wanted).flatMap((metric) => told(app, null, metric, history.app(metric, resolution, at)));
      const slots = only === null || level === 'app' ? [] : history.slots;
      return [
        ...whole,
        ...slots.flatMap((slot) => SLOT_METRICS.filter(wanted).flatMap((metric) => told(app, slot, metric, history.slot(slot, metric, resolution, at)))),
      ];
    });
    return { series };
  }
}

/** Shorter to send, and no chart shows more. */
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
