import { namesListener } from '../../lifecycle/fixed-listener.ts';
import { isLeaving } from '../../lifecycle/states.ts';
import type { Pool } from '../workers/pool.ts';
import type { WorkerHandle, WorkerObserver } from '../workers/worker-handle.ts';
import type { Ingress } from './ingress.ts';
import type { ListenerName } from './listener-name.ts';

interface ContractOptions {
  readonly pool: Pool;
  readonly ingress: Ingress;
  /** Whether a worker of the app ever listened. */
  readonly listened: () => boolean;
}

/**
 * What clients may rely on: the listeners at fixed addresses that workers opened while they started. A successor must serve those
 * of its predecessor, and one that no worker serves makes the app degraded, whether its socket is still open or not.
 */
export class ListenerContract implements WorkerObserver {
  readonly #options: ContractOptions;
  readonly #due = new Map<string, ListenerName>();
  /** Listeners that the running reload may lose, as the operator named them. */
  #dropped: readonly string[] = [];

  constructor(options: ContractOptions) {
    this.#options = options;
    // Those of an earlier primary. A Unix socket may have belonged to one of its workers alone.
    for (const listener of options.ingress.open) if (listener.port !== null) this.#due.set(listener.key, listener);
  }

  /** What a worker promises counts when it is ready. */
  onStateChanged(worker: WorkerHandle): void {
    if (worker.state === 'ready') this.onListenersChanged(worker);
  }

  onListenersChanged(worker: WorkerHandle): void {
    if (worker.readyAt === null) return;
    for (const listener of this.#options.ingress.open) if (worker.promised.has(listener.key)) this.#due.set(listener.key, listener);
  }

  /** A worker that goes on without a listener has given it up. */
  onUnlisten(worker: WorkerHandle, key: string): void {
    if (isLeaving(worker.state)) return;
    worker.promised.delete(key);
    if (!this.#isServed(key)) this.#due.delete(key);
  }

  /** Whether the app listens, or did: then a worker that does not is not ready. */
  get isKnown(): boolean {
    return this.#options.listened() || this.#due.size > 0;
  }

  /** Whether a worker listens, on this port if it is not null. */
  listens({ keys, listens }: WorkerHandle, port: number | null): boolean {
    return port === null ? listens : this.#options.ingress.open.some((listener) => listener.port === port && keys.has(listener.key));
  }

  /** The listeners that a worker still has to open before its predecessor may leave. */
  missing({ predecessor, keys }: WorkerHandle): readonly string[] {
    if (predecessor === null || isLeaving(predecessor.state)) return [];
    return [...predecessor.promised].flatMap((key) => {
      const listener = this.#due.get(key);
      return listener === undefined || keys.has(key) || this.#isDropped(listener) ? [] : [listener.label];
    });
  }

  /** What clients may expect to reach and can't, because no ready worker serves it. */
  get unserved(): readonly string[] {
    return [...this.#due.values()].filter(({ key }) => !this.#isServed(key)).map(({ label }) => label);
  }

  /** Allows the running operation to lose these listeners. @returns those that do not exist. */
  drop(given: readonly string[]): readonly string[] {
    this.#dropped = given;
    return given.filter((name) => ![...this.#due.values()].some((listener) => namesListener(name, listener)));
  }

  /** After a successful operation, what the workers serve now is what clients may rely on. Forgets what was dropped. */
  renew(isComplete: boolean): void {
    this.#dropped = [];
    if (!isComplete) return;
    for (const key of this.#due.keys())
      if (!this.#options.pool.workers.some(({ state, promised }) => !isLeaving(state) && promised.has(key))) this.#due.delete(key);
  }

  #isDropped(listener: ListenerName): boolean {
    return this.#dropped.some((name) => namesListener(name, listener));
  }

  #isServed(key: string): boolean {
    return this.#options.pool.workers.some(({ state, keys }) => (state === 'ready' || state === 'ejected') && keys.has(key));
  }
}
