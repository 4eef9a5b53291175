import { LbError } from '../errors/lb-error.ts';
import type { AppSpec } from '../lifecycle/app-spec.ts';
import type { ExitReport } from '../lifecycle/exit-report.ts';
import type { MergedMetrics } from '../protocol/app-metrics.ts';
import { orderTitle, type Answer, type FromPrimary, type Order, type PrimarySettings } from '../protocol/attach.ts';
import type { LogLine } from '../protocol/control.ts';
import type { EmitEvent } from '../protocol/event.ts';
import { listedApp, type ListedApp } from '../protocol/listed-app.ts';
import type { AppSnapshot } from '../protocol/snapshot.ts';
import type { AppStats } from '../protocol/stats.ts';
import { withDeadline } from '../system/deadline.ts';
import { askSoon } from './ask-soon.ts';
import type { Attachment, PrimaryHello, ProgressListener } from './attachment.ts';
import { offlineSnapshot } from './offline-snapshot.ts';
import { PrimaryKeeper } from './primary-keeper.ts';
import { OrphanTracker } from './orphan-tracker.ts';
import type { DesiredState, SavedApp } from './store.ts';
import type { PersistentCounters } from './persistent-counters.ts';

/** More than a primary gives its workers. */
const METRICS_DEADLINE_MS = 2_000;

export interface AppHandleOptions {
  readonly saved: SavedApp;
  readonly primarySettings: (app: string) => Omit<PrimarySettings, 'sockets'>;
  readonly primariesDir: string;
  readonly log: (message: string) => void;
  /** Something about this app that the daemon noticed. */
  readonly event: (app: string) => EmitEvent;
  /** Something that must be saved changed. */
  readonly changed: () => void;
  readonly received: (app: string, message: Extract<FromPrimary, { type: 'event' | 'log' }>) => void;
  /** The counters of all apps. */
  readonly totals: PersistentCounters;
  /** Its primary told how it is now. */
  readonly stats: (stats: AppStats) => void;
  /** Somebody follows this app's log. */
  readonly followed: (app: string) => boolean;
  /** Its primary has ended and no other will start. */
  readonly ended: (app: string) => void;
}

/** One app as the daemon sees it: what is wanted of it, and the way to its primary. */
export class AppHandle {
  spec: AppSpec;
  desired: DesiredState;
  generation: number;
  error: string | null;
  readonly #options: AppHandleOptions;
  readonly #keeper: PrimaryKeeper;
  readonly #orphans: OrphanTracker;
  #snapshot: AppSnapshot | null = null;
  #stats: AppStats | null = null;
  #starting = false;
  /** Its primary has said that it ends, or has done what a stop asked for. */
  #mayEnd = false;
  /** The daemon ends; the app's end is not the operator's wish. */
  #closing = false;

  constructor(options: AppHandleOptions) {
    this.#options = options;
    this.spec = options.saved.spec;
    this.desired = options.saved.desired;
    this.generation = options.saved.generation;
    this.error = options.saved.error;
    this.#orphans = new OrphanTracker({ app: this.name, event: options.event(this.name), killTimeoutMs: () => this.spec.killTimeoutMs });
    this.#keeper = new PrimaryKeeper({
      app: this.name,
      primariesDir: options.primariesDir,
      settings: () => options.primarySettings(this.name),
      interpreter: () => this.spec.interpreter,
      wanted: () => this.desired === 'running' && !this.#closing,
      log: options.log,
      event: options.event(this.name),
      received: (message) => this.#received(message),
      onConnected: (attachment, hello) => this.#connected(attachment, hello),
      mayEnd: () => this.#mayEnd,
      onLost: () => this.#lost(),
      onEnded: () => options.ended(this.name),
    });
  }

  get name(): string {
    return this.spec.name;
  }

  /** A start is under way or done. */
  get active(): boolean {
    return this.#starting || this.#keeper.active;
  }

  /** The last exits of its workers, known even after its primary has ended. */
  get lastExits(): readonly ExitReport[] {
    return this.#snapshot?.lastExits ?? [];
  }

  /** As its primary last told by itself, which is at most 5 s old. */
  get stats(): AppStats {
    return this.#keeper.hasPrimary && this.#stats !== null ? this.#stats : this.#offline();
  }

  toSaved(): SavedApp {
    const { spec, desired, generation, error } = this;
    return { spec, desired, generation, error };
  }

  /** Starts the app because the operator asked; its first failure is the operator's. */
  async start(onProgress: ProgressListener): Promise<Answer> {
    this.#starting = true;
    this.desired = 'running';
    this.error = null;
    this.generation = 1;
    this.#options.changed();
    try {
      this.#keeper.spawn();
      const attachment = await this.#keeper.connected();
      return await this.#ask(attachment, { kind: 'start', spec: this.spec, strict: true, generation: this.generation }, onProgress);
    } catch (error) {
      await this.#startFailed(LbError.from(error));
      throw error;
    } finally {
      this.#starting = false;
    }
  }

  /** Makes sure a primary runs for an app that should: when a daemon starts. */
  bringBack(): void {
    this.#keeper.adoptOrSpawn();
  }

  attach(attachment: Attachment, hello: PrimaryHello): void {
    this.#keeper.attach(attachment, hello);
  }

  async order(order: Order, onProgress?: ProgressListener): Promise<Answer> {
    if (!this.active) throw new LbError('LB_ERR_APP_STOPPED', { app: this.name, state: this.desired, operation: orderTitle(order) });
    return this.#ask(await this.#keeper.connected(), order, onProgress);
  }

  /** Drains it and keeps the definition; null when it did not run. */
  async stop(options: { now?: boolean }, onProgress: ProgressListener): Promise<Answer | null> {
    if (this.desired !== 'stopped') {
      this.desired = 'stopped';
      this.error = null;
      this.#options.changed();
    }
    return this.#drain(options, onProgress);
  }

  /** Drains it because the daemon ends; it stays desired and runs again with the next daemon. */
  async close(options: { now?: boolean }, onProgress: ProgressListener): Promise<Answer | null> {
    this.#closing = true;
    return this.#drain(options, onProgress);
  }

  /** As it is now; if its primary does not answer soon, as it was last known. */
  async snapshot(): Promise<AppSnapshot> {
    const { attachment } = this.#keeper;
    if (attachment === null) return this.#offline();
    const answer = await askSoon(attachment, { kind: 'snapshot' });
    return answer?.kind === 'snapshot' ? this.#take(answer.snapshot) : this.#lastKnown();
  }

  /** The same in short; a primary of an older version answers, but knows no short form. */
  async listed(): Promise<ListedApp> {
    const { attachment } = this.#keeper;
    if (attachment === null) return listedApp(this.#offline());
    const answer = await askSoon(attachment, { kind: 'list' });
    if (answer?.kind === 'list') return answer.app;
    return listedApp(answer === null ? this.#lastKnown() : await this.snapshot());
  }

  /**
   * The lines its primary remembers; null without one, or when it does not answer soon.
   * @param answered called between the lines that came while it was followed and are among them, and those that are not.
   */
  async tail(lines: number, answered?: () => void): Promise<readonly LogLine[] | null> {
    const { attachment } = this.#keeper;
    const answer = attachment === null ? null : await askSoon(attachment, { kind: 'tail', lines }, answered);
    return answer?.kind === 'tail' ? answer.lines : null;
  }

  /** What its workers keep in their own registries; null when it does not share them or does not run. */
  async ownMetrics(): Promise<MergedMetrics | null> {
    const { attachment } = this.#keeper;
    if (!this.spec.promClient || attachment === null) return null;
    const answer = await withDeadline(
      attachment.order({ kind: 'app-metrics' }).catch(() => null),
      METRICS_DEADLINE_MS,
    );
    return answer?.kind === 'app-metrics' ? answer.metrics : { families: [], missing: this.spec.instances, leftOut: [] };
  }

  async follow(on: boolean): Promise<void> {
    await this.#keeper.attachment?.order({ kind: 'follow-logs', on }).catch(() => {});
  }

  async #drain(options: { now?: boolean }, onProgress: ProgressListener): Promise<Answer | null> {
    this.#keeper.cancelRespawn();
    try {
      if (!this.#keeper.hasPrimary) return null;
      const answer = await this.#ask(await this.#keeper.connected(), { kind: 'stop', ...options }, onProgress);
      this.#mayEnd = true;
      await this.#keeper.gone();
      return answer;
    } catch (error) {
      // Only then it is known which workers it leaves behind.
      if (LbError.from(error).code === 'LB_ERR_PRIMARY_LOST') await this.#keeper.gone();
      throw error;
    } finally {
      await this.#orphans.gone(options.now === true, onProgress);
    }
  }

  #lost(): void {
    this.#orphans.lost((this.#stats?.workers ?? []).map(({ pid }) => pid));
    if (this.desired !== 'running' || this.#closing) void this.#orphans.gone(false);
  }

  /** The primary of an app that did not start ends; only then can it be started again. */
  async #startFailed(error: LbError): Promise<void> {
    if (error.code !== 'LB_ERR_PRIMARY_LOST') return this.#keeper.gone();
    this.desired = 'errored';
    this.error = error.message;
    this.#keeper.cancelRespawn();
    this.#options.changed();
  }

  /** A primary without an app yet gets its order; one that already runs tells what it runs. */
  #connected(attachment: Attachment, hello: PrimaryHello): void {
    if (this.#options.followed(this.name)) void this.follow(true);
    this.#mayEnd = false;
    this.#orphans.taken(hello.running?.snapshot.operation?.kind ?? null);
    if (hello.running !== null) {
      this.spec = hello.running.spec;
      this.generation = hello.running.snapshot.generation;
      this.#take(hello.running.snapshot);
      this.#options.changed();
      this.#options.event(this.name)('primary-adopted', `primary (pid ${hello.pid}) adopted`);
      if (this.desired !== 'running') void attachment.order({ kind: 'stop' }).catch(() => {});
      return;
    }
    this.#stats = null;
    if (!this.#starting) {
      const order: Order = { kind: 'start', spec: this.spec, strict: false, generation: this.generation };
      void this.#ask(attachment, order).catch((error: unknown) => this.#options.log(`${this.name}: ${LbError.from(error).message}`));
    }
  }

  async #ask(attachment: Attachment, order: Order, onProgress?: ProgressListener): Promise<Answer> {
    try {
      const answer = await attachment.order(order, onProgress);
      if (answer.kind !== 'done') return answer;
      this.#learn(answer.spec, answer.snapshot);
      return { ...answer, snapshot: this.#snapshot ?? answer.snapshot };
    } catch (error) {
      if (!(error instanceof LbError) || error.code !== 'LB_ERR_PRIMARY_LOST') throw error;
      throw new LbError('LB_ERR_PRIMARY_LOST', { app: this.name, reason: String(error.details['reason'] ?? '') });
    }
  }

  /** Its primary counts from zero; what is told of the app goes on from where the one before ended. */
  #take(snapshot: AppSnapshot): AppSnapshot {
    this.#snapshot = { ...snapshot, totals: this.#options.totals.counted(snapshot) };
    this.#stats = this.#snapshot;
    return this.#snapshot;
  }

  #lastKnown(): AppSnapshot {
    return this.#keeper.hasPrimary && this.#snapshot !== null && !this.#starting ? { ...this.#snapshot, ...this.#stats } : this.#offline();
  }

  #offline(): AppSnapshot {
    const state = this.desired === 'running' ? 'starting' : this.desired;
    return { ...offlineSnapshot(this, state, this.#snapshot), totals: this.#options.totals.of(this.name) };
  }

  #learn(spec: AppSpec, snapshot: AppSnapshot): void {
    this.#take(snapshot);
    if (JSON.stringify(spec) === JSON.stringify(this.spec) && snapshot.generation === this.generation) return;
    this.spec = spec;
    this.generation = snapshot.generation;
    this.#options.changed();
  }

  #received(message: Extract<FromPrimary, { type: 'event' | 'redefined' | 'log' | 'stats' | 'ended' }>): void {
    if (message.type === 'redefined') return this.#learn(message.spec, message.snapshot);
    if (message.type === 'stats') {
      this.#stats = { ...message.stats, totals: this.#options.totals.counted(message.stats) };
      return this.#options.stats(this.#stats);
    }
    if (message.type === 'event') this.#orphans.heard(message.event);
    if (message.type !== 'ended') return this.#options.received(this.name, message);
    this.#mayEnd = true;
    this.#take(message.snapshot);
    this.error = message.error;
    if (this.#closing) return;
    this.desired = message.state;
    this.#options.changed();
  }
}
