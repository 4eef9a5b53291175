import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { messageOf } from '../../errors/lb-error.ts';
import { isLeaving } from '../../lifecycle/states.ts';
import { slotPath } from '../../logs/log-path.ts';
import type { EmitEvent } from '../../protocol/event.ts';
import type { Pool } from './pool.ts';
import type { WorkerHandle, WorkerObserver } from './worker-handle.ts';

/** Writes the pid of the worker of each slot to `pid_file`: of the one that serves, while two of them run. */
export class PidFiles implements WorkerObserver {
  readonly #pool: Pick<Pool, 'slot'>;
  readonly #event: EmitEvent;
  readonly #pids = new Map<string, number>();
  #written: Promise<void> = Promise.resolve();

  constructor(pool: Pick<Pool, 'slot'>, event: EmitEvent) {
    this.#pool = pool;
    this.#event = event;
  }

  onForked(worker: WorkerHandle): void {
    const others = this.#pool.slot(worker.slot).workers.filter((one) => one !== worker && !isLeaving(one.state));
    if (others.length === 0) this.#set(worker);
  }

  onStateChanged(worker: WorkerHandle): void {
    if (worker.state === 'ready') this.#set(worker);
  }

  onExit(worker: WorkerHandle): void {
    const path = pathOf(worker);
    if (path === null || this.#pids.get(path) !== worker.pid) return;
    this.#pids.delete(path);
    this.#then(path, async () => rm(path, { force: true }));
  }

  /** Resolves when what was to be written is. */
  async close(): Promise<void> {
    await this.#written;
  }

  #set(worker: WorkerHandle): void {
    const path = pathOf(worker);
    const { pid } = worker;
    if (path === null || this.#pids.get(path) === pid) return;
    this.#pids.set(path, pid);
    this.#then(path, async () => {
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, `${pid}\n`);
    });
  }

  #then(path: string, work: () => Promise<void>): void {
    this.#written = this.#written.then(work).catch((error: unknown) => this.#event('pid-file', `${path} cannot be written: ${messageOf(error)}`));
  }
}

/** With several workers, each has a file of its own: `api.pid` becomes `api-0.pid`. */
function pathOf({ slot, spec: { pidFile, instances, scale } }: WorkerHandle): string | null {
  if (pidFile === null || (instances === 1 && scale === null)) return pidFile;
  return slotPath(pidFile, slot);
}
