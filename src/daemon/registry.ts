import { setTimeout as sleep } from 'node:timers/promises';
import { LbError, messageOf } from '../errors/lb-error.ts';
import type { AppSpec } from '../lifecycle/app-spec.ts';
import { describeUser, isSameUser } from '../lifecycle/app-user.ts';
import { mayReplace, otherName, placeOf } from '../lifecycle/name-owner.ts';
import { primaryOf } from '../lifecycle/primary-of.ts';
import { dependenciesOf } from '../lifecycle/start-order.ts';
import { NO_FOOTPRINT } from '../lifecycle/replacement.ts';
import type { ReportedApp } from '../metrics/app-families.ts';
import type { ListedApp } from '../protocol/listed-app.ts';
import type { AppSnapshot, OperationKind } from '../protocol/snapshot.ts';
import { now } from '../system/clock.ts';
import { ownNode } from '../system/own-node.ts';
import { isSamePlace } from '../system/same-place.ts';
import { startProblem } from '../system/start-problem.ts';
import type { AppHandleOptions } from './app-handle-options.ts';
import { AppHandle } from './app-handle.ts';
import type { Attachment, PrimaryHello, ProgressListener } from './attachment.ts';
import { PrimaryKeeper } from './primary-keeper.ts';
import { sharedLogs } from '../logs/shared-logs.ts';
import { userProblem } from './user-problem.ts';
import { SlotIds } from './slot-ids.ts';
import { forEachInStopOrder } from './stop-in-order.ts';
import type { SavedApp, Store } from './store.ts';
import type { PrimaryKeeperOptions } from './tenant.ts';

type RegistryOptions = Omit<AppHandleOptions, 'saved' | 'changed' | 'keeper' | 'ids' | 'dependencies'> &
  Omit<PrimaryKeeperOptions, 'name'> & { readonly store: Store; readonly forgotten: (app: string) => void };

/** Primaries redial every 250 ms. */
const ADOPTED_WITHIN_MS = 1_000;
const ADOPTED_POLL_MS = 10;

/** All apps of this daemon, and the keepers of their primaries, by name. */
export class Registry {
  readonly #keepers = new Map<string, PrimaryKeeper>();
  readonly #apps = new Map<string, AppHandle>();
  readonly #ids = new SlotIds();
  readonly #options: RegistryOptions;
  #restoredAt = -Infinity;

  constructor(options: RegistryOptions) {
    this.#options = options;
  }

  get all(): readonly AppHandle[] {
    return [...this.#apps.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** No start is under way, and every primary is attached. */
  get isSettled(): boolean {
    return this.all.every((app) => !app.starting) && [...this.#keepers.values()].every((keeper) => keeper.empty || keeper.attachment !== null);
  }

  get keepers(): readonly PrimaryKeeper[] {
    return [...this.#keepers.values()];
  }

  /** @throws LbError LB_ERR_APP_NOT_FOUND */
  get(name: string): AppHandle {
    const app = this.#apps.get(name);
    if (app === undefined) throw new LbError('LB_ERR_APP_NOT_FOUND', { app: name, suggestion: '' });
    return app;
  }

  find(name: string): AppHandle | undefined {
    return this.#apps.get(name);
  }

  /** Another daemon looks after the apps from now on. */
  close(): void {
    for (const keeper of this.#keepers.values()) keeper.close();
  }

  /** Reads what was saved. */
  load(): void {
    const all = this.#options.store.load();
    // Before any app asks for an id.
    for (const { spec, ids } of all) this.#ids.restore(spec.name, ids);
    for (const saved of all) this.#add(saved);
  }

  /** Adopts primaries that are alive, and starts the others. */
  restore(): void {
    this.#restoredAt = now();
    for (const app of this.#apps.values()) if (app.desired === 'running') app.host();
    for (const [name, keeper] of this.#keepers) {
      if (keeper.empty) continue;
      try {
        if (!keeper.adoptOrSpawn()) for (const app of this.all) if (keeper.keeps(app.name)) app.unproven = 'restored';
      } catch (error) {
        this.#options.log(`${name}: ${messageOf(error)}`);
      }
    }
  }

  /** Like `define`; an app that the operator started in vain, and that still tries, or that waits, is stopped first. */
  async defineAnew(spec: AppSpec, progress: ProgressListener): Promise<AppHandle> {
    const app = this.#apps.get(spec.name);
    if (app?.startsInVain === true || app?.isWaiting === true) await app.stop({ now: true }, progress);
    await this.warnOfSharedLogs(spec, 'start', progress);
    return this.define(spec);
  }

  /** Names the other apps that write to the same log files. */
  async warnOfSharedLogs(spec: AppSpec, operation: OperationKind, progress: ProgressListener): Promise<void> {
    const others = this.all.map((app) => app.spec);
    for (const message of await sharedLogs(spec, others)) {
      this.#options.event(spec.name)('log', message);
      progress({ type: 'progress', app: spec.name, operation, step: 'note', slot: null, generation: null, pid: null, message });
    }
  }

  /** @throws LbError LB_ERR_NAME_TAKEN, or LB_ERR_NOT_STARTABLE when no worker of it could be started. */
  refuseStart(spec: AppSpec): void {
    this.refuseForeign(spec);
    const reason = startProblem(spec, spec.interpreter ?? ownNode()) ?? userProblem(spec);
    if (reason !== null) throw new LbError('LB_ERR_NOT_STARTABLE', { app: spec.name, operation: 'start', reason });
  }

  /** @throws LbError LB_ERR_NOT_STARTABLE when a running app would have to become another user. */
  refuseOtherUser(spec: AppSpec, operation: OperationKind): void {
    const app = this.#apps.get(spec.name);
    if (app?.active !== true || isSameUser(app.spec.user, spec.user)) return;
    const [now, wanted] = [app.spec.user, spec.user].map((user) => (user === null ? 'the user of the daemon' : describeUser(user)));
    const reason = `it runs as ${now}, and the new definition asks for ${wanted}, which takes "lb stop ${spec.name}", then "lb start" with that definition`;
    throw new LbError('LB_ERR_NOT_STARTABLE', { app: spec.name, operation, reason });
  }

  /** @throws LbError LB_ERR_NAME_TAKEN when the name of the definition belongs to another app. */
  refuseForeign(spec: AppSpec): void {
    const owner = this.#apps.get(spec.name)?.spec;
    if (owner === undefined || mayReplace(owner, spec, isSamePlace)) return;
    const other = otherName(spec, (name) => this.#apps.has(name));
    throw new LbError('LB_ERR_NAME_TAKEN', { app: spec.name, owner: placeOf(owner, spec), claim: placeOf(spec, owner), other });
  }

  /**
   * Defines an app. One that is stopped or errored is replaced.
   * @throws LbError LB_ERR_APP_EXISTS when it runs.
   */
  define(spec: AppSpec): AppHandle {
    if (this.#apps.get(spec.name)?.active === true) throw new LbError('LB_ERR_APP_EXISTS', { app: spec.name });
    const before = this.#apps.get(spec.name);
    const footprint = before?.spec.script === spec.script ? before.lives.footprint : NO_FOOTPRINT;
    return this.#add({ spec, desired: 'stopped', generation: 1, error: null, footprint, resting: false, ids: [], primary: primaryOf(spec) });
  }

  forget(name: string): Promise<void> {
    const primary = this.#apps.get(name)?.primary;
    this.#apps.delete(name);
    this.#ids.forget(name);
    if (primary !== undefined && this.#keeperOf(primary).isIdle) this.#keepers.delete(primary);
    this.#options.totals.forget(name);
    this.#options.forgotten(name);
    return this.save();
  }

  /** @param isOrdered whether an app is left alone until those that depend on it have stopped */
  stopAll(stop: (app: AppHandle) => Promise<unknown>, isOrdered: (app: AppHandle) => boolean = () => true): Promise<void> {
    const failed = ({ name }: AppHandle, error: unknown): void => this.#options.log(`${name}: ${LbError.from(error).message}`);
    return forEachInStopOrder(this.all, isOrdered, (app) => stop(app).catch((error: unknown) => failed(app, error)));
  }

  save(): Promise<void> {
    return this.#options.store.save(this.all.map((app) => app.toSaved()));
  }

  /** A primary has connected. It leaves when it runs nothing and no app of it is desired. */
  attach(attachment: Attachment, connected: PrimaryHello, isOfUser: boolean): void {
    const keeper = this.#keeperOf(connected.name);
    // The primary of another user speaks for the apps that it was given, and adds none.
    const isOwn = (name: string): boolean => {
      const app = this.#apps.get(name);
      return app?.user != null && app.primary === connected.name;
    };
    const hello = isOfUser ? { ...connected, apps: connected.apps.filter(({ spec }) => isOwn(spec.name)) } : connected;
    for (const { spec, snapshot } of hello.apps) {
      if (!this.#apps.has(spec.name)) {
        this.#options.log(`${spec.name}: adopted from a primary (pid ${hello.pid}), was not in the saved state`);
        this.#add({
          spec,
          desired: 'running',
          generation: snapshot.generation,
          error: null,
          footprint: NO_FOOTPRINT,
          resting: false,
          ids: [],
          primary: hello.name,
        });
        void this.save();
      }
      this.#apps.get(spec.name)?.host();
    }
    if (keeper.empty) attachment.leave();
    else keeper.attach(attachment, hello);
  }

  /** Soon after the start of the daemon: waits for the primaries that it adopts, so that their apps are shown as they are. */
  async adopted(): Promise<void> {
    const waiting = [...this.#keepers.values()].filter((keeper) => keeper.isAwaited);
    while (waiting.some((keeper) => keeper.isAwaited) && now() - this.#restoredAt < ADOPTED_WITHIN_MS) await sleep(ADOPTED_POLL_MS);
  }

  async snapshots(): Promise<AppSnapshot[]> {
    await this.adopted();
    return Promise.all(this.all.map((app) => app.view.snapshot()));
  }

  async list(): Promise<ListedApp[]> {
    await this.adopted();
    return Promise.all(this.all.map((app) => app.view.listed()));
  }

  /** The apps' own metrics, all asked at once. */
  async ownMetrics(): Promise<ReportedApp[]> {
    const reported = await Promise.all(this.all.map(async (app) => ({ app: app.name, metrics: await app.view.ownMetrics() })));
    return reported.flatMap(({ app, metrics }) => (metrics === null ? [] : [{ app, metrics }]));
  }

  #add(saved: SavedApp): AppHandle {
    const { spec, primary } = saved;
    const { name } = spec;
    const ids = (slots: number): readonly number[] => this.#ids.of(name, slots);
    const dependencies = (): readonly AppHandle[] => this.#dependenciesOf(app);
    const app: AppHandle = new AppHandle({
      ...this.#options,
      saved,
      ids,
      dependencies,
      keeper: this.#keeperOf(primary),
      changed: () => void this.save(),
    });
    this.#apps.set(name, app);
    return app;
  }

  #dependenciesOf({ name }: AppHandle): readonly AppHandle[] {
    const all = this.all.map((app) => ({ name: app.name, dependsOn: app.spec.dependsOn }));
    const own = all.find((app) => app.name === name);
    return own === undefined ? [] : dependenciesOf(own, all).flatMap((dependency) => this.#apps.get(dependency.name) ?? []);
  }

  #keeperOf(name: string): PrimaryKeeper {
    const keeper = this.#keepers.get(name) ?? new PrimaryKeeper({ ...this.#options, name });
    this.#keepers.set(name, keeper);
    return keeper;
  }
}
