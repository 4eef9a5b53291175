import { LbError } from '../../errors/lb-error.ts';
import type { OperationName } from '../../lifecycle/operation-name.ts';
import { admit } from '../../lifecycle/operation-queue.ts';
import type { ProgressRecord, ProgressStep } from '../../protocol/control.ts';
import { isLeaving } from '../../lifecycle/states.ts';
import { now } from '../../system/clock.ts';
import type { WorkerHandle } from '../workers/worker-handle.ts';
import type { Operation, Outcome, WorkerFailure } from './operation.ts';

/** Receives the progress and the outcome of an operation. Joined requests have several clients. */
export interface OperationClient {
  progress(record: ProgressRecord): void;
  done(outcome: Outcome): void;
}

interface Job {
  readonly kind: OperationName;
  readonly joinable: boolean;
  readonly create: () => Operation;
  readonly clients: OperationClient[];
}

interface Running {
  readonly job: Job;
  readonly operation: Operation;
  readonly since: number;
}

interface RunnerOptions {
  readonly app: string;
  readonly onBegun: (kind: OperationName) => void;
  readonly onFinished: (kind: OperationName, outcome: Outcome) => void;
  /** Schedules a round of the supervisor. */
  readonly wake: () => void;
}

/**
 * Runs one operation at a time, queues the others and informs their clients. Operations that only wait for their drains may be
 * several. `lifecycle/operation-queue` decides how a request is queued, and what may begin beside drains.
 */
export class OperationRunner {
  readonly #options: RunnerOptions;
  readonly #waiting: Job[] = [];
  #running: Running | null = null;
  /** Operations beside which another one has begun: only their drains are left. */
  #draining: Running[] = [];
  /** The next operation, made but not begun. */
  #next: { readonly job: Job; readonly operation: Operation } | null = null;

  constructor(options: RunnerOptions) {
    this.#options = options;
  }

  get current(): { readonly kind: OperationName; readonly sinceMs: number } | null {
    const running = this.#running ?? this.#draining.at(-1);
    return running === undefined ? null : { kind: running.job.kind, sinceMs: now() - running.since };
  }

  /** The running operation, unless it only waits for its drains. */
  get changing(): OperationName | null {
    return this.#running === null || this.#running.operation.onlyDrains ? null : this.#running.job.kind;
  }

  get waiting(): readonly OperationName[] {
    return this.#waiting.map((job) => job.kind);
  }

  submit(kind: OperationName, joinable: boolean, create: () => Operation, client: OperationClient): void {
    const admission = admit({ kind, joinable }, this.current?.kind ?? null, this.#waiting);
    const job: Job = { kind, joinable, create, clients: [client] };
    if (admission.verdict === 'join') {
      const joined = this.#waiting[admission.index];
      joined?.clients.push(client);
      this.#note(job, 'queued', `${this.#options.app}: joined the ${kind} that is already waiting`);
      return;
    }
    if (admission.verdict === 'preempt') this.#preempt();
    if (admission.verdict === 'wait') {
      this.#note(job, 'queued', `${this.#options.app}: ${kind} is waiting for the running ${this.current?.kind ?? 'operation'}`);
    }
    this.#waiting.push(job);
    this.#options.wake();
  }

  abort(reason: string): boolean {
    const running = this.#running;
    running?.operation.abort(reason);
    this.#options.wake();
    return running !== null;
  }

  skipAhead(atOnce: boolean): void {
    this.#running?.operation.skipAhead?.(atOnce);
    this.#options.wake();
  }

  holds(slot: number): boolean {
    return this.#running?.operation.holds(slot) ?? false;
  }

  /** Whether a worker that ends with 0, and is not restarted, is no failure. */
  get endsWithWorkers(): boolean {
    return this.#running?.operation.endsWithWorkers ?? false;
  }

  /** Whether a worker fails that does not listen where its predecessor does. */
  get needsListeners(): boolean {
    return this.#running?.operation.needsListeners ?? false;
  }

  claims(worker: WorkerHandle): boolean {
    return this.#running?.operation.claims(worker) ?? false;
  }

  failed(failure: WorkerFailure): void {
    this.#running?.operation.failed(failure);
    this.#options.wake();
  }

  /** Reports progress of the running operation, if there is one. What leaves concerns those that wait for their drains too. */
  progress(step: ProgressStep, message: string, worker?: WorkerHandle): void {
    if (this.#running !== null) this.#note(this.#running.job, step, message, worker);
    if (worker === undefined || !isLeaving(worker.state)) return;
    for (const { job } of this.#draining) this.#note(job, step, message, worker);
  }

  /** Advances the operations as far as possible now. */
  step(): void {
    for (const running of [...this.#draining]) {
      const outcome = running.operation.step();
      if (outcome === null) continue;
      this.#draining = this.#draining.filter((one) => one !== running);
      this.#finish(running.job, outcome);
    }
    for (;;) {
      if (this.#running !== null) {
        const { job, operation } = this.#running;
        const outcome = operation.step();
        if (outcome !== null) {
          this.#running = null;
          this.#finish(job, outcome);
          continue;
        }
      }
      if (!this.#beginNext()) return;
    }
  }

  /** Begins the operation that waits longest, if it may begin now: beside drains, only what takes nothing from them. */
  #beginNext(): boolean {
    const [job] = this.#waiting;
    const running = this.#running ?? this.#draining.at(-1);
    if (job === undefined || running?.operation.onlyDrains === false) return false;
    if (this.#next?.job !== job) this.#next = { job, operation: job.create() };
    const { operation } = this.#next;
    if (running !== undefined && operation.besideDrains?.() !== true) return false;
    this.#waiting.shift();
    this.#next = null;
    if (this.#running !== null) this.#draining.push(this.#running);
    this.#running = { job, operation, since: now() };
    this.#options.onBegun(job.kind);
    operation.begin();
    return true;
  }

  #finish({ kind, clients }: Job, outcome: Outcome): void {
    this.#options.onFinished(kind, outcome);
    for (const client of clients) client.done(outcome);
  }

  /** The app has ended, so waiting operations cannot run. They are aborted, except for a stop, which succeeds. */
  dropWaiting(reason: string): void {
    for (const job of this.#waiting.splice(0)) {
      const outcome: Outcome =
        job.kind === 'stop'
          ? { ok: true, message: `${this.#options.app} is stopped` }
          : { ok: false, error: new LbError('LB_ERR_ABORTED', { operation: job.kind, app: this.#options.app, reason }) };
      for (const client of job.clients) client.done(outcome);
    }
  }

  /** A stop replaces everything: the running operation is dropped as it stands, and the stop takes over its workers. */
  #preempt(): void {
    const begun = [...this.#draining, ...(this.#running === null ? [] : [this.#running])];
    const jobs = [...begun.map(({ job }) => job), ...this.#waiting];
    this.#running = null;
    this.#draining = [];
    this.#waiting.length = 0;
    for (const job of jobs) {
      const error = new LbError('LB_ERR_ABORTED', { operation: job.kind, app: this.#options.app, reason: 'the app is being stopped' });
      for (const client of job.clients) client.done({ ok: false, error });
    }
  }

  #note(job: Job, step: ProgressStep, message: string, worker?: WorkerHandle): void {
    const record: ProgressRecord = {
      type: 'progress',
      app: this.#options.app,
      operation: job.kind,
      step,
      slot: worker?.slot ?? null,
      generation: worker?.generation ?? null,
      pid: worker?.pid ?? null,
      message,
      ...(worker?.self.blockers == null ? {} : { blockers: worker.self.blockers }),
    };
    for (const client of job.clients) client.progress(record);
  }
}
