import { spreadKept } from '../../balancing/spread.ts';
import { STRATEGIES } from '../../lifecycle/balance-strategy.ts';
import type { EmitEvent } from '../../protocol/event.ts';
import type { Heartbeat } from '../../protocol/worker.ts';
import { now } from '../../system/clock.ts';
import type { Router } from '../ingress/router.ts';
import type { OperationRunner } from '../operations/operation-runner.ts';
import type { Pool } from '../workers/pool.ts';
import type { WorkerHandle } from '../workers/worker-handle.ts';
import { unsettled } from './unsettled.ts';

const CHECK_EVERY_MS = 1_000;
/** After a worker joined, or grew into its share. Connections that were idle all the time stay where they are. */
const LONGEST_MS = 120_000;
/** So long after a round the load of the workers tells little, if a worker was far from its share. */
const MOVING_MS = 3_000;
/** With very many connections this takes minutes, and more workers may be needed meanwhile. */
const LONGEST_MOVING_MS = 10_000;

interface RebalancerOptions {
  readonly pool: Pool;
  readonly router: Router;
  readonly runner: OperationRunner;
  readonly event: EmitEvent;
}

/**
 * Gives a worker that joined its share of the connections that clients keep: those that have too many end some with an
 * answer. Does nothing, and costs nothing, at other times.
 */
export class Rebalancer {
  readonly #options: RebalancerOptions;
  #timer: NodeJS.Timeout | null = null;
  #until = 0;
  #begunAt = 0;
  #movingUntil = 0;
  /** Connections that may still end; null before the first round. */
  #left: number | null = null;
  /** The heartbeats at the look after the last round; those that come later tell what became of it. */
  #seen: Map<WorkerHandle, Heartbeat | null> | null = null;
  readonly #ordered = new Set<WorkerHandle>();

  constructor(options: RebalancerOptions) {
    this.#options = options;
  }

  /** Connections are being moved. */
  get moving(): boolean {
    return now() < Math.min(this.#movingUntil, this.#begunAt + LONGEST_MOVING_MS);
  }

  /** A worker takes connections from now on. */
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
    if (unsettled(pool, runner) !== null) {
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
    const told = (worker: WorkerHandle): boolean => worker.meter.last !== null && (worker.idle || worker.meter.last !== this.#seen?.get(worker));
    if (!holders.every(told)) return;
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
      this.#left = kept.reduce((total, n) => total + n, 0);
      const held = workers.map(({ slot }, i) => `slot ${slot} has ${kept[i] ?? 0}`).join(', ');
      this.#options.event('rebalance', `kept connections are spread anew, some end with their next answer: ${held}`);
    }
    if (spreadKept(holders, false).some((n) => n > 0)) this.#movingUntil = now() + MOVING_MS;
    if (this.#left < sum) return this.stop();
    this.#left -= sum;
    workers.forEach((worker, i) => this.#order(worker, ends[i] ?? 0));
  }

  /** @param done they are spread, or there is nothing to spread; else clients may use later what they keep. */
  #even(done: boolean): void {
    const { router } = this.#options;
    this.#finish();
    const growing = router.members.some((worker) => router.isRamping(worker));
    if (done && !growing) this.stop();
  }

  #order(worker: WorkerHandle, count: number): void {
    if (count === 0 && !this.#ordered.delete(worker)) return;
    if (count > 0) this.#ordered.add(worker);
    worker.channel.post({ t: 'shed', count });
  }

  /** What was ordered and has not happened does not count any more; a worker that left the rotation has other orders. */
  #finish(): void {
    for (const worker of this.#options.router.members) this.#order(worker, 0);
    this.#ordered.clear();
    this.#left = null;
    this.#seen = null;
  }

  /** Those that a client which connects anew may come to, whichever port it wants. */
  #holders(): readonly WorkerHandle[] {
    const { pool, router } = this.#options;
    const { backup, balance } = pool.spec;
    // It sends every client back to where it was.
    if (STRATEGIES[balance].sticky) return [];
    const holders = router.members.filter(({ state, slot }) => state === 'ready' && !backup.includes(slot));
    const [first] = holders;
    const alike = holders.every(({ keys }) => keys.size === first?.keys.size && [...keys].every((key) => first.keys.has(key)));
    return alike ? holders : [];
  }
}
