import { LbError, messageOf } from '../errors/lb-error.ts';
import type { AppSpec } from '../lifecycle/app-spec.ts';
import type { ToldApp } from '../metrics/app-families.ts';
import type { ListedApp } from '../protocol/listed-app.ts';
import type { AppSnapshot } from '../protocol/snapshot.ts';
import { AppHandle, type AppHandleOptions } from './app-handle.ts';
import type { Attachment, PrimaryHello } from './attachment.ts';
import type { SavedApp, Store } from './store.ts';

type RegistryOptions = Omit<AppHandleOptions, 'saved' | 'changed'> & { readonly store: Store; readonly forgotten: (app: string) => void };

/** All apps of this daemon, by name. */
export class Registry {
  readonly #apps = new Map<string, AppHandle>();
  readonly #options: RegistryOptions;

  constructor(options: RegistryOptions) {
    this.#options = options;
  }

  get all(): readonly AppHandle[] {
    return [...this.#apps.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
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

  /** Brings back what was saved: adopts primaries that are alive, starts the others. */
  restore(): void {
    for (const saved of this.#options.store.load()) this.#add(saved);
    for (const app of this.#apps.values()) {
      try {
        if (app.desired === 'running') app.bringBack();
      } catch (error) {
        this.#options.log(`${app.name}: ${messageOf(error)}`);
      }
    }
  }

  /**
   * Defines an app. One that is stopped or errored is replaced.
   * @throws LbError LB_ERR_APP_EXISTS when it runs.
   */
  define(spec: AppSpec): AppHandle {
    if (this.#apps.get(spec.name)?.active === true) throw new LbError('LB_ERR_APP_EXISTS', { app: spec.name });
    return this.#add({ spec, desired: 'stopped', generation: 1, error: null });
  }

  forget(name: string): Promise<void> {
    this.#apps.delete(name);
    this.#options.totals.forget(name);
    this.#options.forgotten(name);
    return this.save();
  }

  save(): Promise<void> {
    return this.#options.store.save(this.all.map((app) => app.toSaved()));
  }

  attach(attachment: Attachment, hello: PrimaryHello): void {
    let app = this.#apps.get(hello.app);
    if (app === undefined && hello.running !== null) {
      this.#options.log(`${hello.app}: adopted a primary (pid ${hello.pid}) of an app that was not in the saved state`);
      app = this.#add({ spec: hello.running.spec, desired: 'running', generation: hello.running.snapshot.generation, error: null });
      void this.save();
    }
    if (app === undefined) attachment.close();
    else app.attach(attachment, hello);
  }

  snapshots(): Promise<AppSnapshot[]> {
    return Promise.all(this.all.map((app) => app.snapshot()));
  }

  list(): Promise<ListedApp[]> {
    return Promise.all(this.all.map((app) => app.listed()));
  }

  /** The apps' own metrics, all asked at once. */
  async ownMetrics(): Promise<ToldApp[]> {
    const told = await Promise.all(this.all.map(async (app) => ({ app: app.name, metrics: await app.ownMetrics() })));
    return told.flatMap(({ app, metrics }) => (metrics === null ? [] : [{ app, metrics }]));
  }

  #add(saved: SavedApp): AppHandle {
    const app = new AppHandle({ ...this.#options, saved, changed: () => void this.save() });
    this.#apps.set(saved.spec.name, app);
    return app;
  }
}
