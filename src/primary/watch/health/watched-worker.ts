import { NO_CHECKS, type CheckState } from '../../../balancing/active-check.ts';
import { describeCauses, NOT_EJECTED, type EjectionState } from '../../../balancing/ejection.ts';
import { addSample, gainedIn, type CounterSample, type WorkerFacts } from '../../../balancing/outlier.ts';
import type { WorkerState } from '../../../lifecycle/states.ts';
import type { WorkerHealth } from '../../../protocol/snapshot.ts';
import type { Heartbeat } from '../../../protocol/worker.ts';

/** A worker as far as its health is concerned. */
export interface HealthWorker {
  readonly id: number;
  readonly slot: number;
  readonly pid: number;
  readonly state: WorkerState;
}

/** What is known of a worker without asking it. */
export interface Vitals {
  /** The latest one; null before the first. */
  readonly beat: Pick<Heartbeat, 'requests' | 'statusClasses' | 'eventLoopDelayMs'> | null;
  /** Connections it could not take since it started; one that is full does not count. */
  readonly refusals: number;
  /** How long the connection it was handed last has not been taken; 0 when it was. */
  readonly untakenMs: number;
}

const KEPT_DELAYS = 3;
const SERVER_ERROR = 4;

/** All that the health monitor remembers of one worker. */
export class WatchedWorker<W extends HealthWorker> {
  readonly worker: W;
  check: CheckState = NO_CHECKS;
  ejection: EjectionState = NOT_EJECTED;
  /** When the next check is due; checks do not overlap. */
  checkAt = 0;
  checking = false;
  replaceAskedAt = Number.NEGATIVE_INFINITY;
  untakenMs = 0;
  #samples: readonly CounterSample[] = [];
  #delays: readonly number[] = [];
  #lastBeat: Vitals['beat'] = null;

  constructor(worker: W) {
    this.worker = worker;
  }

  get isServing(): boolean {
    return this.worker.state === 'ready' || this.worker.state === 'ejected';
  }

  /** Whether anything happened since the last look. */
  observe({ beat, refusals, untakenMs }: Vitals, at: number): boolean {
    const isNew = beat !== null && beat !== this.#lastBeat;
    this.untakenMs = untakenMs;
    if (isNew) {
      this.#lastBeat = beat;
      this.#delays = [...this.#delays, beat.eventLoopDelayMs].slice(-KEPT_DELAYS);
    }
    const sample = { at, refusals, requests: beat?.requests ?? 0, serverErrors: beat?.statusClasses[SERVER_ERROR] ?? 0 };
    const before = this.#samples.at(-1);
    this.#samples = addSample(this.#samples, sample);
    return untakenMs > 0 || before?.requests !== sample.requests || before.refusals !== refusals;
  }

  facts(): WorkerFacts {
    return { id: this.worker.id, untakenMs: this.untakenMs, loopDelaysMs: this.#delays, ...gainedIn(this.#samples) };
  }

  /** It begins anew: what led to its ejection shall not lead to the next. */
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
      last: last === null ? null : { ok: last.ok, reason: last.ok ? null : last.reason, tookMs: last.ok ? last.tookMs : null, at: last.at },
      lastFailures: check.lastFailures,
      ejections: ejection.total,
      causes: describeCauses(ejection, at),
      sinceMs: ejection.since === null ? null : Math.round(at - ejection.since),
    };
  }
}
