import { spreadKept } from '../../balancing/spread.ts';
import { STRATEGIES } from '../../lifecycle/balance-strategy.ts';
import { isLeaving } from '../../lifecycle/states.ts';
import type { EmitEvent } from '../../protocol/event.ts';
import type { Heartbeat } from '../../protocol/worker.ts';
import { now } from '../../system/clock.ts';
import type { Router } from '../ingress/router.ts';
import type { OperationRunner } from '../operations/operation-runner.ts';
import type { Pool } from '../workers/pool.ts';
import type { WorkerHandle } from '../workers/worker-handle.ts';
import { unsettled } from './unsettled.ts';

const CHECK_EVERY_MS = 1_000;
/** How long to rebalance after a worker joined or its slow start ended. Connections that stay idle all this time are not moved. */
const LONGEST_MS = 120_000;
/** How long after a round the load is not meaningful, if a worker was far from its share. */
const MOVING_MS = 3_000;
/** Upper limit of that time. Moving many connections takes minutes, and more workers may be needed meanwhile. */
const LONGEST_MOVING_MS = 10_000;
/**
 * A rebalance closes at most as many connections as there are, or this many if there are fewer: a few clients that reconnect among
 * other new connections may all reach the worker they left, several times in a row.
 */
const FEWEST_LEFT = 16;

interface RebalancerOptions {
  readonly pool: Pool;
  readonly router: Router;
  readonly runner: OperationRunner;
  readonly event: EmitEvent;
}

/**
 * Gives a worker that joined its share of the keep-alive connections: workers with too many close some after their next
 * response, and those clients reconnect. Runs only after a worker joined.
 */
export class Rebalancer {
  readonly #options: RebalancerOptions;
  #timer: NodeJS.Timeout | null = null;
  #until = 0;
  #begunAt = 0;
  #movingUntil = 0;
  /** How many more connections may be closed; null before the first round. */
  #left: number | null = null;
  /** Heartbeats at the first check after a round. Only later ones show its effect. */
  #seen: Map<WorkerHandle, Heartbeat | null> | null = null;
  readonly #ordered = new Set<WorkerHandle>();

  constructor(options: RebalancerOptions) {
    this.#options = options;
  }

  /** Connections are being moved. */
  get moving(): boolean {
    return now() < Math.min(this.#movingUntil, this.#begunAt + LONGEST_MOVING_MS);
  }

  /** Call this when a worker joins the rotation. */
  joined(): void {
    this.#finish();
    this.#until = now() + this.#options.pool.spec.slowStartMs + LONGEST_MS;
    this.#timer ??= setInterval(() => this.#check(), CHECK_EVERY_MS);
    this.#timer.unref();
  }

  stop(): void {
    this.#finish();
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  #check(): void {
    const { pool, router, runner } = this.#options;
    if (unsettled(pool, runner) !== null || pool.workers.some(({ state }) => isLeaving(state))) {
      this.#finish();
      this.#until = Math.max(this.#until, now() + LONGEST_MS);
      return;
    }
    const holders = this.#holders();
    if (now() > this.#until || holders.length < 2) return this.stop();
    if (this.#seen === null) {
      this.#seen = new Map(holders.map((worker) => [worker, worker.meter.last]));
      return;
    }
    const hasReported = (worker: WorkerHandle): boolean => worker.meter.last !== null && (worker.idle || worker.meter.last !== this.#seen?.get(worker));
    if (!holders.every(hasReported)) return;
    this.#seen = null;
    this.#round(
      holders,
      holders.map((worker) => ({ weight: router.share(worker), kept: worker.meter.last?.kept ?? 0 })),
    );
  }

  #round(workers: readonly WorkerHandle[], holders: Parameters<typeof spreadKept>[0]): void {
    const kept = holders.map((holder) => holder.kept);
    const ends = spreadKept(holders, this.#left !== null);
    const sum = ends.reduce((total, n) => total + n, 0);
    if (sum === 0) return this.#even(kept.some((n) => n > 0) || workers.every(({ meter }) => (meter.last?.connections ?? 0) === 0));
    if (this.#left === null) {
      this.#begunAt = now();
      this.#left = Math.max(
        FEWEST_LEFT,
        kept.reduce((total, n) => total + n, 0),
      );
      const held = workers.map(({ slot }, i) => `slot ${slot} has ${kept[i] ?? 0}`).join(', ');
      this.#options.event('rebalance', `rebalancing keep-alive connections, some close after their next response: ${held}`);
    }
    if (spreadKept(holders, false).some((n) => n > 0)) this.#movingUntil = now() + MOVING_MS;
    if (this.#left < sum) return this.stop();
    this.#left -= sum;
    workers.forEach((worker, i) => this.#order(worker, ends[i] ?? 0));
  }

  /** Nothing to close now. @param done whether that is final; otherwise idle connections may become active later. */
  #even(done: boolean): void {
    const { router } = this.#options;
    this.#finish();
    const growing = router.members.some((worker) => router.isRamping(worker));
    if (done && !growing) this.stop();
  }

  #order(worker: WorkerHandle, count: number): void {
    if (count === 0 && !this.#ordered.delete(worker)) return;
    if (count > 0) this.#ordered.add(worker);
    worker.channel.post({ t: 'rebalance', count });
  }

  /** Cancels pending orders. Workers that left the rotation are skipped, because they follow other orders. */
  #finish(): void {
    for (const worker of this.#options.router.members) this.#order(worker, 0);
    this.#ordered.clear();
    this.#left = null;
    this.#seen = null;
  }

  /** The workers to spread connections over; none unless a reconnecting client may reach any of them on any port. */
  #holders(): readonly WorkerHandle[] {
    const { pool, router } = this.#options;
    const { backup, balance } = pool.spec;
    // It would send every client back to the same worker.
    if (STRATEGIES[balance].sticky) return [];
    const holders = router.members.filter(({ state, slot }) => state === 'ready' && !backup.includes(slot));
    const [first] = holders;
    const alike = holders.every(({ keys }) => keys.size === first?.keys.size && [...keys].every((key) => first.keys.has(key)));
    return alike ? holders : [];
  }
}
