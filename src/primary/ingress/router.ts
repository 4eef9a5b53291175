import { constants } from 'node:os';
import { ahead } from '../../balancing/ahead.ts';
import { rotation } from '../../balancing/rotation.ts';
import { rampFactor } from '../../balancing/slow-start.ts';
import { weightOf, type AppSpec } from '../../lifecycle/app-spec.ts';
import { isServing, type WorkerState } from '../../lifecycle/states.ts';
import type { ListenQuery } from '../../protocol/worker.ts';
import { STRATEGIES } from '../../lifecycle/balance-strategy.ts';
import { now } from '../../system/clock.ts';
import type { PortHolder } from '../../system/port-holder.ts';
import type { Untaken } from '../handles/connection.ts';
import { presentLoad } from '../workers/present-load.ts';
import type { Pool } from '../workers/pool.ts';
import type { WorkerHandle, WorkerObserver } from '../workers/worker-handle.ts';
import type { Ingress } from './ingress.ts';

/** How long a worker gets no connections after it refused one because of its `maxConnections`. */
const FULL_MS = 100;
/** The number of steps in which a share grows during slow start. */
const RAMP_STEPS = 40;
const RAMP_STEP_MIN_MS = 50;
const ADDRESS_IN_USE = -constants.errno.EADDRINUSE;

interface RouterOptions {
  readonly ingress: Ingress;
  readonly pool: Pool;
  /** Whether the app was online before. Its first workers get their full share immediately; later ones start slowly. */
  readonly wasOnline: () => boolean;
  /** A worker joined the rotation. */
  readonly joined: () => void;
  readonly portHolder: PortHolder;
  /** A worker may not listen, because another process does. */
  readonly addressInUse: (worker: WorkerHandle, holder: string) => void;
}

/** Keeps the ingress in step with the workers: which of them get connections, for which listeners, and with which share. */
export class Router implements WorkerObserver {
  readonly #options: RouterOptions;
  #rampTimer: NodeJS.Timeout | null = null;
  /** When each worker began its slow start, after a replacement or an ejection. */
  readonly #rampsSince = new WeakMap<WorkerHandle, number>();
  /** Listeners for which a worker has just refused a connection. */
  readonly #full = new WeakMap<WorkerHandle, Set<string>>();
  /** Workers in rotation. */
  members: readonly WorkerHandle[] = [];
  /** Workers that pause accepting. */
  #ahead: ReadonlySet<WorkerHandle> = new Set();
  /** Fewer than half of the workers are healthy: connections go to all of them. */
  panic = false;

  constructor(options: RouterOptions) {
    this.#options = options;
  }

  onSpecChanged(spec: AppSpec): void {
    this.#options.ingress.configure(spec);
    this.changed();
  }

  onStateChanged(worker: WorkerHandle, from: WorkerState): void {
    if (worker.state === 'ready' && (from === 'ejected' || this.#options.wasOnline())) this.#rampsSince.set(worker, now());
    this.changed();
  }

  onListen(worker: WorkerHandle, seq: number, query: ListenQuery): void {
    void this.#options.ingress.listen(query).then(async ({ errno, name }) => {
      // Before the answer: the app may end because of it.
      if (errno === ADDRESS_IN_USE) await this.#explainRefusal(worker, query);
      worker.answerListen(seq, query, errno, name);
    });
  }

  async #explainRefusal(worker: WorkerHandle, query: ListenQuery): Promise<void> {
    const holder = await this.#options.portHolder(query).catch(() => null);
    const what = query.addressType === -1 ? query.address : `port ${query.port}`;
    if (holder !== null) this.#options.addressInUse(worker, `${what} is held by ${holder}`);
  }

  onListenersChanged(): void {
    this.changed();
  }

  onAccepting(worker: WorkerHandle, { key, on }: { readonly key: string; readonly on: boolean }): void {
    this.#options.ingress.borrowed(worker, key, on);
  }

  /** Whether every socket is accepted from, so that no connection is refused. */
  get accepting(): boolean {
    return this.members.length === 0 || this.#options.ingress.listeners.accepting;
  }

  onFree(worker: WorkerHandle): void {
    this.#options.ingress.dispatcher.pumpFor(worker.handOff);
  }

  onNotTaken(worker: WorkerHandle, untaken: Untaken): void {
    const { key } = untaken;
    this.#fullOf(worker).add(key);
    setTimeout(() => {
      this.#fullOf(worker).delete(key);
      this.changed();
    }, FULL_MS);
    // Take the worker out of rotation first, so that the connection does not go back to it.
    this.changed();
    this.#options.ingress.dispatcher.takeBack(untaken);
  }

  /** Where workers accept for themselves, one that runs ahead of its peers pauses. */
  onBeat(): void {
    const accepting = this.#options.ingress.workersAccept ? this.members : [];
    const pausing = ahead(
      accepting.map((worker) => ({
        connections: worker.handOff.reportedConnections,
        utilization: presentLoad(worker, now()).utilization,
        paused: this.#ahead.has(worker),
      })),
    );
    const found = new Set(accepting.filter((_, index) => pausing[index] === true));
    if (found.size === this.#ahead.size && [...found].every((worker) => this.#ahead.has(worker))) return;
    this.#ahead = found;
    this.changed();
  }

  onExit(worker: WorkerHandle): void {
    this.#options.ingress.forget(worker);
  }

  /** Updates the ingress after a change of a worker's state, listeners or weight. */
  changed(): void {
    const { ingress, pool } = this.#options;
    const { dispatcher, dispatched } = ingress;
    const { backup, balance, maxConns } = pool.spec;
    const able = pool.workers.filter((worker) => isServing(worker.state) && worker.channel.connected);
    const isBackup = (worker: WorkerHandle): boolean => backup.includes(worker.slot);
    const { members, panic } = rotation(
      able.map((worker) => ({ ejected: worker.state === 'ejected', weight: this.weight(worker), standby: worker.standby, backup: isBackup(worker) })),
    );
    this.panic = panic;
    const counts = STRATEGIES[balance].needsCounts || maxConns !== null;
    for (const worker of able) worker.handOff.countConnections(counts);
    const routable = members.flatMap((index) => able[index] ?? []);
    const joined = routable.some((worker) => !this.members.includes(worker));
    this.members = routable;
    ingress.lend({ members: routable.filter((worker) => !this.#ahead.has(worker)), isBackup });
    for (const key of dispatched) {
      const taking = routable.filter((worker) => worker.keys.has(key) && !this.#fullOf(worker).has(key));
      dispatcher.route(
        key,
        taking.map((worker) => ({ target: worker.handOff, weight: this.share(worker), backup: isBackup(worker) })),
      );
    }
    this.#followRamps(routable);
    if (joined) this.#options.joined();
  }

  /** The weight of a worker: the one the app asked for, or else the configured one. 0 while it takes no connections. */
  weight(worker: WorkerHandle): number {
    if (worker.self.withdrawn !== null || worker.profile.kind === 'heap') return 0;
    return worker.self.weight ?? weightOf(this.#options.pool.spec.weights, worker.slot);
  }

  /** The weight of a worker, reduced during slow start. Not with a sticky strategy, which would move its clients twice. */
  share(worker: WorkerHandle): number {
    const { slowStartMs, balance } = this.#options.pool.spec;
    const weight = this.weight(worker);
    const since = this.#rampsSince.get(worker);
    if (since === undefined || slowStartMs === 0 || STRATEGIES[balance].sticky) return weight;
    return weight * rampFactor(now() - since, slowStartMs);
  }

  /** Whether a worker is still in slow start. */
  isRamping(worker: WorkerHandle): boolean {
    const since = this.#rampsSince.get(worker);
    return since !== undefined && now() - since < this.#options.pool.spec.slowStartMs;
  }

  stop(): void {
    if (this.#rampTimer !== null) clearTimeout(this.#rampTimer);
  }

  #fullOf(worker: WorkerHandle): Set<string> {
    let keys = this.#full.get(worker);
    if (keys === undefined) {
      keys = new Set();
      this.#full.set(worker, keys);
    }
    return keys;
  }

  #followRamps(workers: readonly WorkerHandle[]): void {
    const { slowStartMs } = this.#options.pool.spec;
    const ramping = workers.some((worker) => this.isRamping(worker));
    if (!ramping || this.#rampTimer !== null) return;
    this.#rampTimer = setTimeout(
      () => {
        this.#rampTimer = null;
        this.changed();
      },
      Math.max(RAMP_STEP_MIN_MS, slowStartMs / RAMP_STEPS),
    );
  }
}
