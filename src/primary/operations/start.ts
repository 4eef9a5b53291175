import { LbError } from '../../errors/lb-error.ts';
import { expectedPort } from '../../lifecycle/expected-port.ts';
import { announceReplacement } from '../../lifecycle/replacement.ts';
import { isEnded } from '../../lifecycle/states.ts';
import { plural, shortTime } from '../../lifecycle/wording.ts';
import { now } from '../../system/clock.ts';
import { countDone, currentWorker } from '../workers/pool.ts';
import { Inspection } from './inspection.ts';
import { describeFailure, type Operation, type OperationContext, type Outcome, type WorkerFailure } from './operation.ts';

/** How long a start waits for an app to listen that may never do so. */
const LISTEN_WAIT_MS = 5_000;
/** A start no longer waits when a worker of one slot has failed so often. */
const MAX_FAILURES = 3;

/**
 * Starts an app. The restart policy applies from the beginning: what an app needs may not be up yet. But a typo is to be reported
 * before it has crashed 16 times, so the start ends with the third failure of a slot, while the app goes on trying.
 */
export class StartOperation implements Operation {
  readonly kind = 'start';
  readonly onlyDrains = false;
  readonly endsWithWorkers = true;
  readonly #context: OperationContext;
  readonly #waitsForListener: boolean;
  readonly #failures = new Map<number, number>();
  #beganAt = 0;
  /** Until when it waits for the app to listen; null while not all workers are ready. */
  #listenBy: number | null = null;
  #error: LbError | null = null;
  /** The app ends with it. */
  #isFatal = false;
  #inspection: Inspection | null = null;

  /** @param waitsForListener an app that does not listen may still do so */
  constructor(context: OperationContext, waitsForListener = true) {
    this.#context = context;
    this.#waitsForListener = waitsForListener;
  }

  begin(): void {
    const { pool } = this.#context;
    pool.generation = Math.max(1, pool.generation);
    pool.wanted = pool.spec.instances;
    this.#beganAt = now();
  }

  step(): Outcome | null {
    const { pool } = this.#context;
    if (this.#error !== null) {
      if (this.#isFatal) for (const worker of pool.workers) pool.retire(worker, 'start-failed');
      return this.#isFatal && pool.workers.length > 0 ? null : { ok: false, error: this.#error };
    }
    // Counts workers that were ready once. A later ejection is a health problem and does not hold up the start.
    const started = pool.slots.filter((slot) => typeof currentWorker(slot)?.readyAt === 'number').length;
    const done = countDone(pool);
    if (started + done < pool.wanted) return null;
    if (started === 0) return { ok: true, message: `${pool.spec.name} has ended with exit code 0` };
    this.#inspection ??= new Inspection(this.#context);
    if (!this.#inspection.done || this.#mayStillListen() || !this.#context.isAccepting()) return null;
    const way = announceReplacement(this.#context.replacement.current, pool.spec);
    return { ok: true, message: `${pool.spec.name} is online with ${plural(started, 'worker')}, ${this.#where()}${way}` };
  }

  holds(): boolean {
    return this.#isFatal;
  }

  claims(): boolean {
    return true;
  }

  failed(failure: WorkerFailure): void {
    const { pool } = this.#context;
    const { slot } = failure.worker;
    const { phase, dueAt } = pool.slot(slot).restart;
    const failures = (this.#failures.get(slot) ?? 0) + 1;
    this.#failures.set(slot, failures);
    this.#listenBy = null;
    this.#inspection = null;
    const details = { app: pool.spec.name, reason: describeFailure(failure) };
    const revival = this.#context.revival();
    if (isEnded(phase) && revival !== null) {
      this.#error ??= new LbError('LB_ERR_NOT_STARTED_YET', { ...details, reason: `${details.reason}; ${revival}` }, failure.output);
    } else if (isEnded(phase)) {
      this.#error ??= new LbError('LB_ERR_START_FAILED', details, failure.output);
      this.#isFatal = true;
    } else if (failures >= MAX_FAILURES || now() - this.#beganAt >= pool.spec.listenTimeoutMs) {
      this.#error ??= new LbError('LB_ERR_NOT_STARTED_YET', details, failure.output);
    } else {
      const left = dueAt - now();
      this.#context.progress('failed', `${pool.spec.name}[${slot}] starts again ${left < 1 ? 'immediately' : `in ${shortTime(left)}`}`, failure.worker);
    }
  }

  abort(reason: string): void {
    this.#error ??= new LbError('LB_ERR_ABORTED', { operation: 'start', app: this.#context.pool.spec.name, reason });
    this.#isFatal = true;
  }

  /** It is up, but does not listen, and nothing says that it never will. */
  #mayStillListen(): boolean {
    const { spec } = this.#context.pool;
    const saysReady = spec.waitReady || this.#context.pool.workers.some(({ channel }) => channel.readyBy !== null);
    if (!this.#waitsForListener || this.#listeners().length > 0 || saysReady) return false;
    const isExpected = expectedPort(spec) !== null;
    const isFirst = this.#listenBy === null;
    this.#listenBy ??= isExpected ? this.#beganAt + spec.listenTimeoutMs : now() + LISTEN_WAIT_MS;
    const left = this.#listenBy - now();
    if (left <= 0) return false;
    if (isFirst) this.#context.progress('note', `${spec.name} is not listening yet; waiting for it for ${shortTime(left)}`);
    this.#context.wakeIn(left);
    return true;
  }

  /** What it listens on; of sockets that it opened by itself only if there is nothing else. */
  #listeners(): readonly string[] {
    const { pool, replacement } = this.#context;
    return pool.workers.some(({ listens }) => listens) ? this.#context.listeners() : replacement.ownSockets;
  }

  #where(): string {
    const { pool } = this.#context;
    const labels = this.#listeners();
    if (labels.length > 0) return `listening on ${labels.join(', ')}`;
    const expected = expectedPort(pool.spec);
    return expected === null ? 'not listening' : `not listening (${expected})`;
  }
}
