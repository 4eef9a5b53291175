import { rotation } from '../../balancing/rotation.ts';
import { rampFactor } from '../../balancing/slow-start.ts';
import { weightOf, type AppSpec } from '../../lifecycle/app-spec.ts';
import { now } from '../../system/clock.ts';
import type { WorkerHandle } from '../workers/worker-handle.ts';
import type { FrontDoor } from './front-door.ts';
import type { Untaken } from './seat.ts';

/** A worker that refused a connection (its `maxConnections` are reached) is asked again after this long. */
const FULL_MS = 100;
/** Steps in which a share grows during slow start. */
const RAMP_STEPS = 40;
const RAMP_STEP_MIN_MS = 50;

interface RouterOptions {
  readonly door: FrontDoor;
  readonly workers: () => readonly WorkerHandle[];
  readonly spec: () => AppSpec;
  /** A worker takes connections that took none before. */
  readonly joined: () => void;
}

/** Keeps the dispatcher's places per listener in step with what the workers are, serve and weigh. */
export class Router {
  readonly #options: RouterOptions;
  #rampTimer: NodeJS.Timeout | null = null;
  /** Workers that take connections. */
  members: readonly WorkerHandle[] = [];
  /** Fewer than half of the workers are healthy: connections go to all of them. */
  panic = false;

  constructor(options: RouterOptions) {
    this.#options = options;
  }

  changed(): void {
    const { dispatcher, dispatched, sockets } = this.#options.door;
    const { backup, balance, maxConns } = this.#options.spec();
    const able = this.#options.workers().filter((worker) => (worker.state === 'ready' || worker.state === 'ejected') && worker.connected);
    const isBackup = (worker: WorkerHandle): boolean => backup.includes(worker.slot);
    const { members, panic } = rotation(
      able.map((worker) => ({ ejected: worker.state === 'ejected', weight: this.weight(worker), held: worker.held, backup: isBackup(worker) })),
    );
    this.panic = panic;
    const counts = balance === 'least-connections' || balance === 'random' || maxConns !== null;
    for (const worker of able) worker.countConnections(counts);
    const routable = members.flatMap((index) => able[index] ?? []);
    const joined = routable.some((worker) => !this.members.includes(worker));
    this.members = routable;
    sockets.assign({ members: routable, isBackup });
    for (const key of dispatched) {
      const taking = routable.filter((worker) => worker.keys.has(key) && !worker.full.has(key));
      dispatcher.route(
        key,
        taking.map((worker) => ({ target: worker, weight: this.share(worker), backup: isBackup(worker) })),
      );
    }
    this.#followRamps(routable);
    if (joined) this.#options.joined();
  }

  /** What it weighs by configuration, or by its own word. */
  weight(worker: WorkerHandle): number {
    if (worker.withdrawn !== null || worker.profile.kind === 'heap') return 0;
    return worker.ownWeight ?? weightOf(this.#options.spec().weights, worker.slot);
  }

  notTaken(worker: WorkerHandle, untaken: Untaken): void {
    const { key } = untaken;
    if (worker.full.has(key)) {
      setTimeout(() => {
        worker.full.delete(key);
        this.changed();
      }, FULL_MS);
    }
    // First out of the rotation, so that the connection does not come back to the same worker.
    this.changed();
    this.#options.door.dispatcher.takeBack(untaken);
  }

  close(): void {
    if (this.#rampTimer !== null) clearTimeout(this.#rampTimer);
  }

  /** Its weight, as far as slow start lets it have it. `ip-hash` would move its clients twice. */
  share(worker: WorkerHandle): number {
    const { slowStartMs, balance } = this.#options.spec();
    const weight = this.weight(worker);
    if (worker.rampsSince === null || slowStartMs === 0 || balance === 'ip-hash') return weight;
    return weight * rampFactor(now() - worker.rampsSince, slowStartMs);
  }

  #followRamps(workers: readonly WorkerHandle[]): void {
    const { slowStartMs } = this.#options.spec();
    const ramping = workers.some(({ rampsSince }) => rampsSince !== null && now() - rampsSince < slowStartMs);
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
