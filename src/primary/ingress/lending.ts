import type { WorkerHandle } from '../workers/worker-handle.ts';
import type { RawListener } from '../handles/raw-handles.ts';

export interface LendableSocket {
  readonly key: string;
  readonly handle: RawListener;
}

export interface Serving {
  /** Workers in rotation. */
  readonly members: readonly WorkerHandle[];
  /** Accepts only if no regular worker does. */
  readonly isBackup: (worker: WorkerHandle) => boolean;
}

/** Delay before a socket that a worker could not receive is lent again. */
const LEND_AGAIN_MS = 1_000;

/**
 * Lends listening sockets to workers, which then accept from them, all from the same one. A socket and its queue stay open whoever
 * borrows it, so queued connections survive reloads, crashes and scale-downs.
 */
export class Lending {
  readonly #lendable: () => readonly LendableSocket[];
  /** The keys of the sockets that each worker has. */
  readonly #borrowed = new Map<WorkerHandle, Set<string>>();
  #serving: Serving = { members: [], isBackup: () => false };
  /** For `takeAllBack`: what workers were asked to give back and still have. */
  #missing: { readonly keys: Map<WorkerHandle, Set<string>>; readonly done: () => void } | null = null;

  /** @param lendable the sockets that workers accept from, now */
  constructor(lendable: () => readonly LendableSocket[]) {
    this.#lendable = lendable;
  }

  /** Lends each socket to the workers that should accept from it, and only then takes it from the others. */
  assign(serving: Serving = this.#serving): void {
    this.#serving = serving;
    if (this.#missing !== null) return;
    const acceptors = new Map<string, readonly WorkerHandle[]>();
    for (const { key, handle } of this.#lendable()) {
      const workers = acceptorsOf(key, serving);
      acceptors.set(key, workers);
      for (const worker of workers) this.#lend(worker, key, handle);
    }
    for (const [worker, keys] of this.#borrowed) {
      for (const key of keys) if (acceptors.get(key)?.includes(worker) !== true) this.#takeBack(worker, key);
    }
  }

  /** Takes all sockets back for good. Resolves when no worker accepts. */
  takeAllBack(): Promise<void> {
    return new Promise<void>((resolve) => {
      this.#missing = { keys: new Map([...this.#borrowed].map(([worker, keys]) => [worker, new Set(keys)])), done: resolve };
      for (const [worker, keys] of this.#borrowed) for (const key of keys) this.#takeBack(worker, key);
      this.#checkMissing();
    });
  }

  /** A worker has stopped accepting from this socket. */
  returned(worker: WorkerHandle, key: string): void {
    this.#missing?.keys.get(worker)?.delete(key);
    this.#checkMissing();
  }

  forget(worker: WorkerHandle): void {
    this.#borrowed.delete(worker);
    this.#missing?.keys.delete(worker);
    this.#checkMissing();
  }

  #lend(worker: WorkerHandle, key: string, socket: RawListener): void {
    const keys = this.#borrowed.get(worker) ?? new Set<string>();
    this.#borrowed.set(worker, keys);
    if (keys.has(key)) return;
    keys.add(key);
    // Fails if the worker is out of file descriptors or exiting.
    worker.handOff.lend(key, socket, () => {
      keys.delete(key);
      setTimeout(() => this.assign(), LEND_AGAIN_MS).unref();
    });
  }

  #takeBack(worker: WorkerHandle, key: string): void {
    this.#borrowed.get(worker)?.delete(key);
    worker.channel.post({ t: 'socket', key, on: false });
  }

  #checkMissing(): void {
    const { keys, done } = this.#missing ?? {};
    if (keys !== undefined && [...keys.values()].every((left) => left.size === 0)) done?.();
  }
}

function acceptorsOf(key: string, { members, isBackup }: Serving): readonly WorkerHandle[] {
  const able = members.filter((worker) => worker.keys.has(key));
  const regular = able.filter((worker) => !isBackup(worker));
  return regular.length > 0 ? regular : able;
}
