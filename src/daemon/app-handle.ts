import { LbError } from '../errors/lb-error.ts';
import type { AppSpec } from '../lifecycle/app-spec.ts';
import type { AppUser } from '../lifecycle/app-user.ts';
import { replacementOf } from '../lifecycle/replacement.ts';
import { changesApp, orderTitle, type Answer, type Order, type Running } from '../protocol/attach.ts';
import { BadMessages } from '../protocol/bad-messages.ts';
import type { StopBody } from '../protocol/control.ts';
import type { EmitEvent } from '../protocol/event.ts';
import type { Malformed } from '../protocol/parser.ts';
import type { AppSnapshot } from '../protocol/snapshot.ts';
import { now } from '../system/clock.ts';
import { ownedBy } from '../system/process-owner.ts';
import type { AppHandleOptions } from './app-handle-options.ts';
import { AppStop } from './app-stop.ts';
import { AppView } from './app-view.ts';
import type { Attachment, ProgressListener, Report } from './attachment.ts';
import { isDeclared } from './declared-port.ts';
import { learnedSpec } from './learned-spec.ts';
import type { KeptSocket } from './kept-sockets.ts';
import { dependenciesUp, untilMayStart, type Dependency } from './dependency-wait.ts';
import { Lives } from './lives.ts';
import { OrphanTracker } from './orphan-tracker.ts';
import type { PrimaryKeeper } from './primary-keeper.ts';
import type { DesiredState, SavedApp } from './store.ts';
import type { Tenant } from './tenant.ts';

/** One app as the daemon sees it: its definition and desired state, and the way to its primary. */
export class AppHandle implements Tenant, Dependency {
  spec: AppSpec;
  desired: DesiredState;
  generation: number;
  error: string | null;
  readonly lives: Lives;
  readonly event: EmitEvent;
  readonly view: AppView;
  readonly #options: AppHandleOptions;
  readonly #keeper: PrimaryKeeper;
  readonly #orphans: OrphanTracker;
  readonly #stop: AppStop;
  readonly #badMessages: BadMessages;
  /** The name of its primary. */
  readonly primary: string;
  starting = false;
  waits = false;
  /** It has not come up since the operator's start failed, or since this daemon brought it back. */
  unproven: 'start-failed' | 'restored' | null = null;
  #mayEnd = false;
  /** The daemon ends; the app's end is not the operator's wish. */
  #closing = false;

  constructor(options: AppHandleOptions) {
    this.#options = options;
    this.#keeper = options.keeper;
    ({ spec: this.spec, desired: this.desired, generation: this.generation, error: this.error } = options.saved);
    this.primary = options.saved.primary;
    this.lives = new Lives(options.saved);
    this.event = options.event(this.name);
    this.#badMessages = new BadMessages(this.event, now);
    this.view = new AppView(this, this.#keeper, options.totals);
    this.#orphans = new OrphanTracker({ app: this.name, event: this.event, killTimeoutMs: () => this.spec.killTimeoutMs });
    this.#stop = new AppStop({
      app: this,
      keeper: this.#keeper,
      orphans: this.#orphans,
      ask: async (order, onProgress) => this.#ask(await this.#keeper.connected(this.name), order, onProgress),
      agreed: () => void (this.#mayEnd = true),
    });
  }

  get name(): string {
    return this.spec.name;
  }

  get wanted(): boolean {
    return this.desired === 'running' && !this.#closing;
  }

  get mayEnd(): boolean {
    return this.#mayEnd;
  }

  get stopFirst(): boolean {
    return replacementOf(this.spec, this.lives.footprint).way === 'stop-first';
  }

  get user(): AppUser | null {
    return this.spec.user;
  }

  mayBind(port: number): boolean {
    return isDeclared(this.spec, port);
  }

  get killTimeoutMs(): number {
    return this.spec.killTimeoutMs;
  }

  /** A start is under way or done. */
  get active(): boolean {
    return this.starting || this.#keeper.keeps(this.name);
  }

  get startsInVain(): boolean {
    if (this.starting || !this.active) return false;
    const { state, ready } = this.view.stats;
    return state === 'errored' || (state === 'starting' && (this.unproven === 'start-failed' || (this.unproven !== null && ready === 0)));
  }

  /** It has ended, and waits for what starts it again. */
  get isWaiting(): boolean {
    return this.active && this.view.stats.state === 'waiting';
  }

  get ids(): readonly number[] {
    return this.#options.ids(this.spec.instances);
  }

  toSaved(): SavedApp {
    const { spec, desired, generation, error, lives, ids, primary } = this;
    return { spec, desired, generation, error, footprint: lives.footprint, resting: lives.resting, ids, primary };
  }

  /** Starts the app because the operator asked; its first failure is the operator's. @param resting no worker, until something starts one @param sockets it serves these listening sockets */
  async start(onProgress: ProgressListener, resting = false, sockets: readonly KeptSocket[] = []): Promise<Answer> {
    this.lives.resting = resting;
    this.starting = true;
    this.unproven = null;
    this.desired = 'running';
    this.error = null;
    this.generation = 1;
    this.#options.changed();
    try {
      await untilMayStart(this, this.#options.dependencies(), onProgress);
      await this.#keeper.restarts.readyFor(this.name);
      this.host();
      this.#keeper.spawn(sockets);
      const attachment = await this.#keeper.connected(this.name);
      return await this.#ask(attachment, this.#startOrder(true), onProgress);
    } catch (error) {
      await this.#startFailed(LbError.from(error));
      throw error;
    } finally {
      this.starting = false;
    }
  }

  /** Moves it into its primary, which is yet to be started or adopted. */
  host(): void {
    this.#keeper.host(this, this.spec.interpreter);
  }

  async order(order: Order, onProgress?: ProgressListener): Promise<Answer> {
    if (changesApp(order)) await this.#keeper.reliefs.over();
    if (!this.active) throw new LbError('LB_ERR_APP_STOPPED', { app: this.name, state: this.desired, operation: orderTitle(order) });
    return this.#ask(await this.#keeper.connected(this.name), order, onProgress);
  }

  /** Drains it and keeps the definition. @returns null when it did not run. */
  async stop(options: StopBody, onProgress: ProgressListener): Promise<Answer | null> {
    if (this.desired !== 'stopped') {
      this.desired = 'stopped';
      this.error = null;
      this.#options.changed();
    }
    return this.#stop.drain(options, onProgress);
  }

  /** Drains it because the daemon ends; it stays desired and runs again with the next daemon. */
  async close(options: StopBody, onProgress: ProgressListener): Promise<Answer | null> {
    this.#closing = true;
    return this.#stop.drain(options, onProgress);
  }

  /** Resolves when it is stopped: by the stop that is under way, else by one of its own. */
  async stopped(onProgress: ProgressListener): Promise<void> {
    if (this.#stop.current !== null) await this.#stop.current;
    else if (this.active || this.desired === 'running') await this.stop({}, onProgress);
  }

  /** A primary that does not run the app yet gets its start order, unless the operator's start sends it. */
  connected(attachment: Attachment, pid: number, running: Running | null): void {
    if (this.#options.followed(this.name)) void this.view.follow(true);
    this.#mayEnd = false;
    this.#orphans.taken(running?.snapshot.operation?.kind ?? null);
    if (running !== null) {
      this.spec = learnedSpec(this.spec, running.spec);
      this.generation = running.snapshot.generation;
      this.lives.saw(this.view.take(running.snapshot));
      this.#options.changed();
      this.event('primary-adopted', `primary (pid ${pid}) adopted`);
      if (this.desired !== 'running') void attachment.order(this.name, { kind: 'stop' }).catch(() => {});
      return;
    }
    this.view.reset();
    if (!this.starting) void this.#startAgain(attachment);
  }

  received(report: Report): void {
    switch (report.type) {
      case 'redefined':
        return this.#learn(report.spec, report.snapshot);
      case 'stats':
        if (this.lives.saw(report.stats)) this.#options.changed();
        return this.#options.stats(this.view.takeStats(report.stats));
      case 'event':
        this.#orphans.heard(report.event);
        return this.#options.received(report);
      case 'log':
        return this.#options.received(report);
      case 'ended':
        this.#mayEnd = true;
        this.view.take(report.snapshot);
        this.error = report.error;
        if (this.#closing) return;
        this.desired = report.state;
        return this.#options.changed();
    }
  }

  get startBeside(): Order {
    return { ...this.#startOrder(true), beside: true };
  }

  relieved(attachment: Attachment, pid: number, answer: Answer | null): void {
    this.#mayEnd = false;
    this.view.reset();
    if (this.#options.followed(this.name)) void this.view.follow(true);
    if (answer?.kind === 'done') this.#learn(answer.spec, answer.snapshot);
    this.event('primary-replaced', `primary replaced by one of this daemon's version (pid ${pid})`);
    if (answer === null && this.wanted) void this.#startAgain(attachment);
  }

  announceGap(): void {
    this.event('upgrade-gap', 'its workers end before the new ones start, because it must not run twice; connections to its sockets wait meanwhile');
  }

  farewell(report: Report): void {
    if (report.type === 'log' || report.type === 'event') this.#options.received(report);
    else if (report.type === 'stats') this.#options.totals.counted(report.stats);
    else if (report.type === 'ended') this.#options.totals.counted(report.snapshot);
  }

  malformed(problem: Malformed): void {
    this.#badMessages.report('the primary', problem);
  }

  lost(): void {
    // Pids that the primary of another user names are signalled only if they are that user's.
    this.#orphans.lost(this.user === null ? this.view.workerPids : ownedBy(this.user.uid, this.view.workerPids));
    this.view.reset();
    if (!this.wanted) void this.#orphans.gone(false);
  }

  ended(): void {
    this.#options.ended(this.name);
  }

  /** The primary of an app that did not start ends, unless it goes on trying; only then can it be started again. */
  async #startFailed(error: LbError): Promise<void> {
    this.unproven = 'start-failed';
    if (error.code === 'LB_ERR_NOT_STARTED_YET') return;
    if (error.code !== 'LB_ERR_PRIMARY_LOST') return this.#keeper.gone(this.name);
    this.desired = 'errored';
    this.error = error.message;
    await this.#keeper.cancelRespawn(this.name);
    this.#options.changed();
  }

  async #ask(attachment: Attachment, order: Order, onProgress?: ProgressListener): Promise<Answer> {
    const answer = await attachment.order(this.name, order, onProgress);
    if (answer.kind !== 'done') return answer;
    this.#learn(answer.spec, answer.snapshot, 'spec' in order ? order.spec : undefined);
    return { ...answer, snapshot: this.view.last ?? answer.snapshot };
  }

  /** After a reboot it waits for what it depends on; after the death of its primary there is no time for that. */
  async #startAgain(attachment: Attachment): Promise<void> {
    if (this.unproven === 'restored') await dependenciesUp(this, this.#options.dependencies(), () => {});
    await this.#keeper.restarts.restart(this.name, attachment, async () => {
      if (!this.wanted) return;
      await this.#ask(attachment, this.#startOrder(false));
      await this.view.cameUp();
    });
  }

  #startOrder(strict: boolean): Extract<Order, { kind: 'start' }> {
    const { spec, generation, lives } = this;
    return { kind: 'start', spec, strict, generation, footprint: lives.footprint, ...(lives.resting ? { resting: true } : {}) };
  }

  #learn(reported: AppSpec, snapshot: AppSnapshot, ordered?: AppSpec): void {
    const before = this.spec;
    this.spec = learnedSpec(before, reported, ordered);
    const isNew = this.lives.saw(this.view.take(snapshot));
    if (!isNew && JSON.stringify(before) === JSON.stringify(this.spec) && snapshot.generation === this.generation) return;
    this.generation = snapshot.generation;
    this.#options.changed();
  }
}
