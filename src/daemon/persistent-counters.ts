import { NO_LASTING_TOTALS, toSave, totalOf, withTotals, type LastingTotals } from '../metrics/lasting-totals.ts';
import { NO_TOTALS } from '../metrics/totals.ts';
import type { AppSnapshot } from '../protocol/snapshot.ts';
import { appTotals } from '../protocol/parse-totals.ts';
import { fieldsOf, nullable, object, record, string, type Parser } from '../protocol/parser.ts';
import type { AppTotals } from '../protocol/totals.ts';
import { readSaved, savedText } from './saved-file.ts';
import { SavedText } from './saved-text.ts';
import type { FileReports } from './unwritten.ts';

/** Counters that are missing in an older file start at zero. */
const totals: Parser<AppTotals> = (value) => appTotals({ ...NO_TOTALS, ...fieldsOf(value) });

const savedTotals = object<{ readonly apps: Readonly<Record<string, LastingTotals>> }>({
  apps: record(
    object<Pick<LastingTotals, 'base' | 'last'>>({ base: totals, last: nullable(object<NonNullable<LastingTotals['last']>>({ primary: string, totals })) }),
  ),
});

/** The totals of every app across its primaries. Once saved, a counter never decreases. */
export class PersistentCounters {
  readonly #path: string;
  readonly #reports: FileReports;
  readonly #file: SavedText;
  readonly #apps = new Map<string, LastingTotals>();
  #saved = '';
  #saving: Promise<void> = Promise.resolve();

  constructor(path: string, reports: FileReports) {
    this.#path = path;
    this.#reports = reports;
    this.#file = new SavedText({ path, reports, without: 'if the daemon ends before it can, counters of the apps may decrease' });
  }

  load(): void {
    const saved = readSaved({ path: this.#path, parser: savedTotals, reports: this.#reports, without: 'the counters of all apps start at zero' });
    for (const [app, totals] of Object.entries(saved?.apps ?? {})) this.#apps.set(app, totals);
  }

  /** Updates the counters with the totals of a primary, the current one or the one before; returns those of all primaries of the app. */
  counted({ name, primaryPid, startedAt, totals }: Pick<AppSnapshot, 'name' | 'primaryPid' | 'startedAt' | 'totals'>): AppTotals {
    const before = this.#apps.get(name) ?? NO_LASTING_TOTALS;
    const after = withTotals(before, `${primaryPid} ${startedAt}`, totals);
    this.#apps.set(name, after);
    if (after.last?.primary !== before.last?.primary) void this.save();
    return totalOf(after);
  }

  of(app: string): AppTotals {
    return totalOf(this.#apps.get(app) ?? NO_LASTING_TOTALS);
  }

  forget(app: string): void {
    this.#apps.delete(app);
  }

  /** Resolves when all counts so far are on disk, or could not be written. */
  save(): Promise<void> {
    const text = savedText({ apps: Object.fromEntries([...this.#apps].map(([app, lasting]) => [app, toSave(lasting)])) });
    if (text === this.#saved) return this.#saving;
    this.#saved = text;
    this.#saving = this.#file.save(text);
    return this.#saving;
  }
}
