import { namedPorts } from '../../lifecycle/expected-port.ts';
import { ownSockets, replacementOf, type Footprint, type Replacement } from '../../lifecycle/replacement.ts';
import { isLeaving, type WorkerState } from '../../lifecycle/states.ts';
import { withDeadline } from '../../system/deadline.ts';
import type { OpenByItself } from '../../system/unfed-sockets.ts';
import type { Pool } from './pool.ts';
import type { WorkerHandle, WorkerObserver } from './worker-handle.ts';

/** After a worker became ready: some servers open their sockets a little later. */
const INSPECT_AGAIN_MS = [2_000, 15_000];
const INSPECT_WITHIN_MS = 2_000;

interface ReplacementWatchOptions {
  readonly pool: Pick<Pool, 'spec' | 'workers'>;
  /** Of its earlier lives. */
  readonly footprint: Footprint;
  readonly openByItself: (pid: number) => Promise<OpenByItself>;
  /** `current` or `footprint` has changed. */
  readonly changed: () => void;
}

/** Knows how the workers of an app are replaced: from its definition, and from the sockets that its processes have open. */
export class ReplacementWatch implements WorkerObserver {
  readonly #options: ReplacementWatchOptions;
  #listened: boolean;
  /** Of the living workers; before the first inspection, of an earlier life. */
  #ownSockets: readonly string[];
  readonly #inspections = new WeakMap<WorkerHandle, readonly NodeJS.Timeout[]>();
  readonly #seen = new WeakMap<WorkerHandle, readonly string[]>();
  #reported = '';
  #told: boolean;

  constructor(options: ReplacementWatchOptions) {
    this.#options = options;
    this.#listened = options.footprint.listened;
    this.#ownSockets = options.footprint.ownSockets;
    this.#told = this.stopFirst;
  }

  get current(): Replacement {
    return replacementOf(this.#options.pool.spec, this.footprint);
  }

  get footprint(): Footprint {
    return { listened: this.#listened, ownSockets: this.#ownSockets };
  }

  get stopFirst(): boolean {
    return this.current.way === 'stop-first';
  }

  /** Looks at the workers' processes now. */
  async inspect(): Promise<void> {
    const living = this.#options.pool.workers.filter(({ state }) => state !== 'exited');
    await Promise.all(living.map((worker) => this.#inspect(worker)));
  }

  onForked(worker: WorkerHandle): void {
    worker.channel.post({ t: 'awaited', on: this.stopFirst });
    if (this.stopFirst) worker.descendants.note(worker.pid);
  }

  onListenersChanged(worker: WorkerHandle): void {
    if (this.#listened || !worker.listens) return;
    this.#listened = true;
    this.#report();
  }

  onStateChanged(worker: WorkerHandle, from: WorkerState): void {
    if (worker.state !== 'ready' || from !== 'starting') return;
    void this.#inspect(worker);
    this.#inspections.set(
      worker,
      INSPECT_AGAIN_MS.map((ms) => setTimeout(() => void this.#inspect(worker), ms).unref()),
    );
  }

  /** Notes its descendants now, because they must be gone before its successor starts even if the worker dies suddenly. */
  onBeat(worker: WorkerHandle): void {
    if (this.stopFirst && worker.state !== 'exited') worker.descendants.note(worker.pid);
  }

  onClose(worker: WorkerHandle): void {
    for (const timer of this.#inspections.get(worker) ?? []) clearTimeout(timer);
    this.#summarize();
  }

  onSpecChanged(): void {
    this.#report();
  }

  /** The whole app has been replaced. If nothing listens now, it is another app than the one that did. */
  replaced(): void {
    if (!this.#listened || this.#options.pool.workers.some((worker) => !isLeaving(worker.state) && worker.listens)) return;
    this.#listened = false;
    this.#report();
  }

  async #inspect(worker: WorkerHandle): Promise<void> {
    if (worker.state === 'exited') return;
    if (this.stopFirst) worker.descendants.note(worker.pid);
    const open = await withDeadline(this.#options.openByItself(worker.pid), INSPECT_WITHIN_MS).catch(() => null);
    if (open === null) return;
    const { sockets, ephemeralPorts, inspectorPorts } = open;
    const own = worker.inspectorPort === null ? inspectorPorts : [...inspectorPorts, worker.inspectorPort];
    this.#seen.set(worker, ownSockets(sockets, { ephemeralPorts, namedPorts: namedPorts(this.#options.pool.spec), inspectorPorts: own }));
    this.#summarize();
  }

  #summarize(): void {
    const seen = this.#options.pool.workers.flatMap((worker) => (worker.state === 'exited' ? [] : [this.#seen.get(worker)]));
    const known = seen.filter((sockets) => sockets !== undefined);
    // A worker that has just started has not opened its sockets yet.
    const before = known.length === 0 || known.length < seen.length ? this.#ownSockets : [];
    this.#ownSockets = [...new Set([...before, ...known.flat()])].sort();
    this.#report();
  }

  #report(): void {
    const { stopFirst } = this;
    const report = JSON.stringify([this.current, this.footprint]);
    if (report === this.#reported) return;
    this.#reported = report;
    if (stopFirst !== this.#told) for (const { channel } of this.#options.pool.workers) channel.post({ t: 'awaited', on: stopFirst });
    this.#told = stopFirst;
    this.#options.changed();
  }
}
