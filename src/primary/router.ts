import type { Dispatcher, PendingConnection } from './dispatcher.ts';
import type { Listeners } from './listeners.ts';
import { isRoutable } from '../lifecycle/states.ts';
import type { WorkerHandle } from './worker-handle.ts';

/** A worker that refused a connection (its `maxConnections` are reached) is asked again after this long. */
const FULL_MS = 100;

/** Keeps the dispatcher's list of workers per listener in step with what the workers are and serve. */
export class Router {
  readonly #dispatcher: Dispatcher;
  readonly #listeners: Listeners;
  readonly #workers: () => readonly WorkerHandle[];

  constructor(dispatcher: Dispatcher, listeners: Listeners, workers: () => readonly WorkerHandle[]) {
    this.#dispatcher = dispatcher;
    this.#listeners = listeners;
    this.#workers = workers;
  }

  changed(): void {
    const able = this.#workers().filter((worker) => isRoutable(worker.state) && worker.connected);
    const free = able.filter((worker) => !worker.held);
    // A worker that waits for its switch is better than none.
    const routable = free.length > 0 ? free : able;
    for (const { key } of this.#listeners.all) {
      this.#dispatcher.route(
        key,
        routable.filter((worker) => worker.keys.has(key) && !worker.full.has(key)),
      );
    }
  }

  notTaken(worker: WorkerHandle, pending: PendingConnection): void {
    if (worker.full.has(pending.key)) {
      setTimeout(() => {
        worker.full.delete(pending.key);
        this.changed();
      }, FULL_MS);
    }
    // First out of the rotation, so that the connection does not come back to the same worker.
    this.changed();
    this.#dispatcher.takeBack(pending);
  }
}
