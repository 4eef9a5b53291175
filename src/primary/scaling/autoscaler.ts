import { LbError } from '../../errors/lb-error.ts';
import { decideScale, type ScaleDecision, type ScaleFacts } from '../../lifecycle/autoscale.ts';
import { isLeaving } from '../../lifecycle/states.ts';
import { plural } from '../../lifecycle/wording.ts';
import type { AutoscalingSnapshot } from '../../protocol/snapshot.ts';
import { now, wallNow } from '../../system/clock.ts';
import { cpuBudget } from '../../system/cpu-budget.ts';
import { memoryLeftBytes } from '../../system/memory-room.ts';
import type { Ingress } from '../ingress/ingress.ts';
import type { Router } from '../ingress/router.ts';
import type { OperationRunner } from '../operations/operation-runner.ts';
import type { OperationContext } from '../operations/operation.ts';
import { ScaleOperation } from '../operations/scale.ts';
import { requestsPerSecond } from '../workers/present-load.ts';
import type { WorkerObserver } from '../workers/worker-handle.ts';
import { LoadHistory } from './load-history.ts';
import type { Rebalancer } from './rebalancer.ts';
import { unsettled } from './unsettled.ts';

const CHECK_EVERY_MS = 1_000;
/** Extra history, beyond the longest period that a decision uses. */
const SPARE_MS = 10_000;
/** How often the same obstacle to a change is reported again. */
const REPORT_AGAIN_MS = 300_000;

interface AutoscalerOptions {
  readonly context: OperationContext;
  readonly runner: OperationRunner;
  readonly ingress: Ingress;
  readonly router: Router;
  readonly rebalancer: Rebalancer;
  readonly event: (kind: 'scale', message: string) => void;
  /** The number of workers in the definition has changed. */
  readonly redefined: () => void;
}

/** Adjusts the number of workers of an app with `scale`, once a second. */
export class Autoscaler implements WorkerObserver {
  readonly #options: AutoscalerOptions;
  readonly #history = new LoadHistory();
  #timer: NodeJS.Timeout | null = null;
  #settledSince = now();
  /** The number of wanted workers and the id of the youngest one, at the last check. */
  #shape = '';
  #changedAt: number | null = null;
  #failures = 0;
  #status: string | null = null;
  #last: AutoscalingSnapshot['last'] = null;
  #blockedReportedAt = Number.NEGATIVE_INFINITY;

  constructor(options: AutoscalerOptions) {
    this.#options = options;
  }

  onSpecChanged(): void {
    const on = this.#options.context.pool.spec.scale?.on === true;
    if (on === (this.#timer !== null)) return;
    if (!on) return this.#turnedOff();
    this.#history.clear();
    this.#settledSince = now();
    this.#failures = 0;
    this.#timer = setInterval(() => this.#check(), CHECK_EVERY_MS);
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    this.#status = null;
  }

  /** @throws LbError if the definition has no `scale`. */
  turnOn(): string {
    const { pool } = this.#options.context;
    const { name, scale } = pool.spec;
    if (scale === null) throw new LbError('LB_ERR_NO_SCALE', { app: name });
    if (!scale.on) this.#options.event('scale', `autoscaling is on, starting from ${plural(pool.wanted, 'worker')}`);
    pool.spec = { ...pool.spec, scale: { ...scale, on: true } };
    return `${name} scales between ${scale.min} and ${plural(scale.max, 'worker')} with its load (${pool.wanted} now)`;
  }

  report(): AutoscalingSnapshot | null {
    const { scale } = this.#options.context.pool.spec;
    if (scale === null) return null;
    const { on, min, max, target } = scale;
    return { on, min, max, target, now: this.#status, last: this.#last };
  }

  #turnedOff(): void {
    this.stop();
    if (this.#options.context.pool.spec.scale !== null) this.#options.event('scale', 'autoscaling is off, the number of workers was set manually');
  }

  #check(): void {
    const { scale } = this.#options.context.pool.spec;
    if (scale === null) return;
    const facts = this.#facts(Math.max(scale.downCooldownMs, SPARE_MS) + SPARE_MS);
    const decision = decideScale(scale, facts);
    this.#status = decision.reason;
    if (decision.verdict === 'change') this.#change(facts.workers, decision);
    else if (decision.verdict === 'blocked') this.#reportBlocked(decision.reason, facts.now);
  }

  #facts(keptMs: number): ScaleFacts {
    const { context, ingress, router, runner, rebalancer } = this.#options;
    const { pool } = context;
    const at = now();
    const sharing = pool.workers.filter((worker) => worker.state === 'ready' && router.weight(worker) > 0);
    this.#history.add(sharing, { counters: pool.counters, requestsPerSecond: requestsPerSecond(pool, at), queued: ingress.waiting, at, keptMs });
    const waitsFor = unsettled(pool, runner) ?? (rebalancer.moving ? 'connections are moving to other workers' : null);
    // Detects workers that were replaced between two checks.
    const shape = `${pool.wanted}/${pool.lastId}`;
    if (waitsFor !== null || shape !== this.#shape) this.#settledSince = at;
    this.#shape = shape;
    const leftBytes = memoryLeftBytes();
    const largestWorkerBytes = Math.max(0, ...pool.workers.map(({ meter }) => meter.memoryBytes ?? 0));
    return {
      now: at,
      workers: pool.wanted,
      unsettled: waitsFor,
      settledSince: this.#settledSince,
      changedAt: this.#changedAt,
      failures: this.#failures,
      ejected: pool.workers.filter(({ state }) => state === 'ejected').length,
      leaving: pool.workers.filter(({ state }) => isLeaving(state)).length,
      samples: this.#history.samples,
      cpuBudget: cpuBudget(),
      memory: leftBytes === null || largestWorkerBytes === 0 ? null : { leftBytes, largestWorkerBytes },
    };
  }

  #change(from: number, { to, reason }: Extract<ScaleDecision, { verdict: 'change' }>): void {
    const { context, runner, event, redefined } = this.#options;
    this.#last = { at: wallNow(), from, to, reason };
    this.#blockedReportedAt = Number.NEGATIVE_INFINITY;
    this.#changedAt = now();
    event('scale', reason);
    runner.submit('scale', false, () => new ScaleOperation(context, { to, automatic: true }), {
      progress: () => {},
      done: ({ ok }) => {
        // A change downwards has happened long before its last drain ends.
        if (to > from) this.#changedAt = now();
        this.#failures = ok ? 0 : this.#failures + 1;
        if (ok) redefined();
      },
    });
  }

  /** Reports an obstacle once, and again only after a change or 5 min. */
  #reportBlocked(reason: string, at: number): void {
    if (at - this.#blockedReportedAt < REPORT_AGAIN_MS) return;
    this.#blockedReportedAt = at;
    this.#options.event('scale', reason);
  }
}
