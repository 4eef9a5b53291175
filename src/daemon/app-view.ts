import type { AppSpec } from '../lifecycle/app-spec.ts';
import type { ExitReport } from '../lifecycle/exit-report.ts';
import type { MergedMetrics } from '../protocol/app-metrics.ts';
import type { Answer, Order } from '../protocol/attach.ts';
import type { LogLine } from '../protocol/control.ts';
import { listedApp, type ListedApp } from '../protocol/listed-app.ts';
import { shownSpec } from '../protocol/shown-spec.ts';
import type { AppSnapshot } from '../protocol/snapshot.ts';
import type { AppStats } from '../protocol/stats.ts';
import { withDeadline } from '../system/deadline.ts';
import { until } from '../system/until.ts';
import { askSoon } from './ask-soon.ts';
import type { Attachment } from './attachment.ts';
import { offlineSnapshot } from './offline-snapshot.ts';
import type { PersistentCounters } from './persistent-counters.ts';
import type { PrimaryKeeper } from './primary-keeper.ts';
import type { DesiredState } from './store.ts';

/** More than a primary gives its workers. */
const METRICS_DEADLINE_MS = 2_000;

/** How long an app that starts holds up others. */
const UP_WITHIN_MS = 2_000;
const UP_POLL_MS = 50;

/** What the daemon itself knows of the app. */
interface App {
  readonly name: string;
  readonly spec: AppSpec;
  readonly desired: DesiredState;
  readonly generation: number;
  readonly error: string | null;
  readonly ids: readonly number[];
  /** The operator's start is under way: the last report is of an earlier run. */
  readonly starting: boolean;
}

/** The state of one app for clients: asked of its primary, else as last reported. A primary counts from zero; here its counters continue those of the one before. */
export class AppView {
  readonly #app: App;
  readonly #keeper: PrimaryKeeper;
  readonly #counters: PersistentCounters;
  #snapshot: AppSnapshot | null = null;
  #stats: AppStats | null = null;

  constructor(app: App, keeper: PrimaryKeeper, counters: PersistentCounters) {
    this.#app = app;
    this.#keeper = keeper;
    this.#counters = counters;
  }

  /** The last snapshot, kept after the primary has ended. */
  get last(): AppSnapshot | null {
    return this.#snapshot;
  }

  get lastExits(): readonly ExitReport[] {
    return this.#snapshot?.lastExits ?? [];
  }

  /** As last reported, at most 5 s ago. */
  get stats(): AppStats {
    return (this.#hasPrimary ? this.#stats : null) ?? this.#offline();
  }

  get workerPids(): readonly number[] {
    return (this.#stats?.workers ?? []).map(({ pid }) => pid);
  }

  take(snapshot: AppSnapshot): AppSnapshot {
    const { spec } = this.#app;
    // The primary of another user is not asked what was ordered.
    const own = spec.user === null ? {} : { spec: shownSpec(spec) };
    this.#snapshot = { ...snapshot, ...own, ...this.#added, totals: this.#counters.counted(snapshot) };
    this.#stats = this.#snapshot;
    return this.#snapshot;
  }

  takeStats(stats: AppStats): AppStats {
    this.#stats = { ...stats, totals: this.#counters.counted(stats) };
    return this.#stats;
  }

  /** Its primary is gone; the next one has not reported yet. */
  reset(): void {
    this.#stats = null;
  }

  /** It does not run, and counts from 0 on. */
  resetCounters(): void {
    if (this.#snapshot !== null) this.#snapshot = { ...this.#snapshot, restarts: 0, recycles: 0 };
  }

  async snapshot(): Promise<AppSnapshot> {
    const answer = await this.#ask({ kind: 'snapshot' });
    return answer?.kind === 'snapshot' ? this.take(answer.snapshot) : this.#lastKnown();
  }

  /** The row of `lb list`. */
  async listed(): Promise<ListedApp> {
    const answer = await this.#ask({ kind: 'list' });
    return answer?.kind === 'list' ? { ...answer.app, ...this.#added } : listedApp(this.#lastKnown());
  }

  /**
   * The last log lines that its primary remembers; null without a primary, or when it does not answer soon.
   * @param answered called between the followed lines that are among them and the followed lines that come after them.
   */
  async tail(lines: number, answered?: () => void): Promise<readonly LogLine[] | null> {
    const answer = await this.#ask({ kind: 'tail', lines }, answered);
    return answer?.kind === 'tail' ? answer.lines : null;
  }

  /** The metrics of its workers' own registries; null when it does not share them or does not run. */
  async ownMetrics(): Promise<MergedMetrics | null> {
    const { name, spec } = this.#app;
    const attachment = this.#attachment;
    if (!spec.promClient || attachment === null) return null;
    const answer = await withDeadline(
      attachment.order(name, { kind: 'app-metrics' }).catch(() => null),
      METRICS_DEADLINE_MS,
    );
    return answer?.kind === 'app-metrics' ? answer.metrics : { families: [], missing: spec.instances, leftOut: [] };
  }

  /** Whether its primary sends log lines as they are written. */
  async follow(on: boolean): Promise<void> {
    await this.#attachment?.order(this.#app.name, { kind: 'follow-logs', on }).catch(() => {});
  }

  /** Resolves when a worker of it is ready, or it does not get any; soon in any case. */
  async cameUp(): Promise<void> {
    await until(() => this.stats.ready > 0 || this.stats.state !== 'starting', UP_WITHIN_MS, UP_POLL_MS);
  }

  get #hasPrimary(): boolean {
    return this.#keeper.runs(this.#app.name);
  }

  /** What only the daemon knows. */
  get #added(): Pick<AppSnapshot, 'program' | 'ids'> {
    const { program } = this.#keeper;
    return { ids: this.#app.ids, ...(program === undefined ? {} : { program }) };
  }

  get #attachment(): Attachment | null {
    return this.#hasPrimary ? this.#keeper.attachment : null;
  }

  async #ask(order: Order, answered?: () => void): Promise<Answer | null> {
    const attachment = this.#attachment;
    return attachment === null ? null : askSoon(attachment, this.#app.name, order, answered);
  }

  #lastKnown(): AppSnapshot {
    if (this.#snapshot === null || this.#stats === null || this.#app.starting || !this.#hasPrimary) return this.#offline();
    return { ...this.#snapshot, ...this.#stats, spec: this.#snapshot.spec, ids: this.#app.ids };
  }

  #offline(): AppSnapshot {
    const { name, desired, spec, generation } = this.#app;
    const state = desired === 'running' ? 'starting' : desired;
    const error = desired === 'running' ? this.#keeper.problem : this.#app.error;
    return { ...offlineSnapshot({ spec, generation, error }, state, this.#snapshot), ids: this.#app.ids, totals: this.#counters.of(name) };
  }
}
