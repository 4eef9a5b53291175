import { readFileSync } from 'node:fs';
import { errnoOf, messageOf } from '../errors/lb-error.ts';
import { NOTHING_SEEN, seen, totalOf, type LastingTotals } from '../metrics/lasting-totals.ts';
import type { AppSnapshot } from '../protocol/snapshot.ts';
import type { AppTotals } from '../protocol/totals.ts';
import { writeFileAtomic } from '../system/atomic-file.ts';

/** The totals of every app over the lives of its primaries. What is saved before it is told is never told smaller again. */
export class TotalsBook {
  readonly #path: string;
  readonly #log: (message: string) => void;
  readonly #apps = new Map<string, LastingTotals>();
  #saved = '';
  #saving: Promise<void> = Promise.resolve();

  constructor(path: string, log: (message: string) => void) {
    this.#path = path;
    this.#log = log;
  }

  load(): void {
    try {
      this.#saved = readFileSync(this.#path, 'utf8');
      const { apps } = JSON.parse(this.#saved) as { readonly apps: Readonly<Record<string, LastingTotals>> };
      for (const [app, { base, last }] of Object.entries(apps)) this.#apps.set(app, { base, last });
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') this.#log(`${this.#path} cannot be read (${messageOf(error)}); the counters of all apps start at zero`);
    }
  }

  /** What a primary has counted becomes what all primaries of the app have counted. */
  counted({ name, primaryPid, startedAt, totals }: Pick<AppSnapshot, 'name' | 'primaryPid' | 'startedAt' | 'totals'>): AppTotals {
    const before = this.#apps.get(name) ?? NOTHING_SEEN;
    const after = seen(before, `${primaryPid} ${startedAt}`, totals);
    this.#apps.set(name, after);
    if (after.base !== before.base) void this.save();
    return totalOf(after);
  }

  of(app: string): AppTotals {
    return totalOf(this.#apps.get(app) ?? NOTHING_SEEN);
  }

  forget(app: string): void {
    this.#apps.delete(app);
  }

  /** Resolves when everything that was counted by now is on disk, or cannot be. */
  save(): Promise<void> {
    const text = JSON.stringify({ version: 1, apps: Object.fromEntries(this.#apps) });
    if (text === this.#saved) return this.#saving;
    this.#saved = text;
    this.#saving = this.#saving
      .then(() => writeFileAtomic(this.#path, text))
      .catch((error: unknown) => {
        this.#saved = '';
        this.#log(`cannot save ${this.#path}: ${messageOf(error)}`);
      });
    return this.#saving;
  }
}
