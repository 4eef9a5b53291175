import { LbError } from '../../errors/lb-error.ts';
import type { OperationName } from '../../lifecycle/operation-name.ts';
import { admit } from '../../lifecycle/operation-queue.ts';
import type { ProgressRecord, ProgressStep } from '../../protocol/control.ts';
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

interface RunnerOptions {
  readonly app: string;
  readonly onBegun: (kind: OperationName) => void;
  readonly onFinished: (kind: OperationName, outcome: Outcome) => void;
  /** Schedules a round of the supervisor. */
  readonly wake: () => void;
}

/** Runs one operation at a time, queues the others and informs their clients. `lifecycle/operation-queue` decides how a request is queued. */
export class OperationRunner {
  readonly #options: RunnerOptions;
  readonly #waiting: Job[] = [];
  #running: { readonly job: Job; readonly operation: Operation; readonly since: number } | null = null;

  constructor(options: RunnerOptions) {
    this.#options = options;
  }

  get current(): { readonly kind: OperationName; readonly sinceMs: number } | null {
    return this.#running === null ? null : { kind: this.#running.job.kind, sinceMs: now() - this.#running.since };
  }

  get waiting(): readonly OperationName[] {
    return this.#waiting.map((job) => job.kind);
  }

  submit(kind: OperationName, joinable: boolean, create: () => Operation, client: OperationClient): void {
    const admission = admit({ kind, joinable }, this.#running?.job.kind ?? null, this.#waiting);
    const job: Job = { kind, joinable, create, clients: [client] };
    if (admission.verdict === 'join') {
      const joined = this.#waiting[admission.index];
      joined?.clients.push(client);
      this.#note(job, 'queued', `${this.#options.app}: joined the ${kind} that is already waiting`);
      return;
    }
    if (admission.verdict === 'preempt') this.#preempt();
    if (admission.verdict === 'wait') {
      this.#note(job, 'queued', `${this.#options.app}: ${kind} is waiting for the running ${this.#running?.job.kind ?? 'operation'}`);
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

  claims(worker: WorkerHandle): boolean {
    return this.#running?.operation.claims(worker) ?? false;
  }

  failed(failure: WorkerFailure): void {
    this.#running?.operation.failed(failure);
    this.#options.wake();
  }

  /** Reports progress of the running operation, if there is one. */
  progress(step: ProgressStep, message: string, worker?: WorkerHandle): void {
    if (this.#running !== null) this.#note(this.#running.job, step, message, worker);
  }

  /** Advances the operations as far as possible now. */
  step(): void {
    for (;;) {
      if (this.#running === null) {
        const job = this.#waiting.shift();
        if (job === undefined) return;
        const operation = job.create();
        this.#running = { job, operation, since: now() };
        this.#options.onBegun(job.kind);
        operation.begin();
      }
      const outcome = this.#running.operation.step();
      if (outcome === null) return;
      const { job } = this.#running;
      this.#running = null;
      this.#options.onFinished(job.kind, outcome);
      for (const client of job.clients) client.done(outcome);
    }
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
    const jobs = [...(this.#running === null ? [] : [this.#running.job]), ...this.#waiting];
    this.#running = null;
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
