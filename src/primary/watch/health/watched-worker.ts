import { NO_CHECKS, type CheckState } from '../../../balancing/active-check.ts';
import { describeCauses, NOT_EJECTED, type EjectionState } from '../../../balancing/ejection.ts';
import { addSample, gainedIn, type CounterSample, type WorkerFacts } from '../../../balancing/outlier.ts';
import { isServing, type WorkerState } from '../../../lifecycle/states.ts';
import type { WorkerHealth } from '../../../protocol/snapshot.ts';
import type { Heartbeat } from '../../../protocol/worker.ts';

/** What the health monitor needs to know about a worker. */
export interface HealthWorker {
  readonly id: number;
  readonly slot: number;
  readonly pid: number;
  readonly state: WorkerState;
}

/** Health facts that are known without a check. */
export interface Vitals {
  /** The latest heartbeat; null before the first. */
  readonly beat: Pick<Heartbeat, 'requests' | 'statusClasses' | 'eventLoopDelayMs'> | null;
  /** Connections that it could not receive since it started. Those refused because of `maxConnections` do not count. */
  readonly refusals: number;
  /** How long its current connection has been waiting to be taken; 0 without one. */
  readonly untakenMs: number;
}

const KEPT_DELAYS = 3;
const SERVER_ERROR = 4;

/** What the health monitor remembers about one worker. */
export class WatchedWorker<W extends HealthWorker> {
  readonly worker: W;
  check: CheckState = NO_CHECKS;
  ejection: EjectionState = NOT_EJECTED;
  /** When the next check is due; checks do not overlap. */
  checkAt = 0;
  checking = false;
  replaceRequestedAt = Number.NEGATIVE_INFINITY;
  untakenMs = 0;
  #samples: readonly CounterSample[] = [];
  #delays: readonly number[] = [];
  #lastBeat: Vitals['beat'] = null;

  constructor(worker: W) {
    this.worker = worker;
  }

  get isServing(): boolean {
    return isServing(this.worker.state);
  }

  /** Adds the current vitals. @returns whether there was activity since the last call. */
  observe({ beat, refusals, untakenMs }: Vitals, at: number): boolean {
    const isNew = beat !== null && beat !== this.#lastBeat;
    this.untakenMs = untakenMs;
    if (isNew) {
      // Its first one is late because it was loading its code.
      if (this.#lastBeat !== null) this.#delays = [...this.#delays, beat.eventLoopDelayMs].slice(-KEPT_DELAYS);
      this.#lastBeat = beat;
    }
    const sample = { at, refusals, requests: beat?.requests ?? 0, serverErrors: beat?.statusClasses[SERVER_ERROR] ?? 0 };
    const before = this.#samples.at(-1);
    this.#samples = addSample(this.#samples, sample);
    return untakenMs > 0 || before?.requests !== sample.requests || before.refusals !== refusals;
  }

  facts(): WorkerFacts {
    return { id: this.worker.id, untakenMs: this.untakenMs, loopDelaysMs: this.#delays, ...gainedIn(this.#samples) };
  }

  /** Forgets the samples, so that the cause of one ejection does not lead to the next. */
  forgetFacts(): void {
    this.#samples = [];
    this.#delays = [];
  }

  report(at: number): WorkerHealth {
    const { worker, check, ejection } = this;
    const { last } = check;
    return {
      slot: worker.slot,
      pid: worker.pid,
      state: worker.state,
      checks: { passed: check.passed, failed: check.failed },
      last: last === null ? null : lastCheck(last),
      lastFailures: check.lastFailures,
      ejections: ejection.total,
      causes: describeCauses(ejection, at),
      sinceMs: ejection.since === null ? null : Math.round(at - ejection.since),
    };
  }
}

function lastCheck(last: NonNullable<CheckState['last']>): NonNullable<WorkerHealth['last']> {
  if (!last.ok) return { ok: false, reason: last.reason, tookMs: null, at: last.at };
  return { ok: true, reason: null, ...(last.note === undefined ? {} : { note: last.note }), tookMs: last.tookMs, at: last.at };
}
