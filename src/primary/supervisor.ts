import { LbError, messageOf } from '../errors/lb-error.ts';
import { describeExit, type StopReason, type ExitReport } from '../lifecycle/exit-report.ts';
import type { OperationName } from '../lifecycle/operation-name.ts';
import type { CheckPassed } from '../lifecycle/readiness.ts';
import { afterWorkerEnd, type WorkerEnd } from '../lifecycle/restart-policy.ts';
import { isEnded } from '../lifecycle/states.ts';
import { shortTime, withoutApp } from '../lifecycle/wording.ts';
import type { EmitEvent } from '../protocol/event.ts';
import { now, wallNow } from '../system/clock.ts';
import { dropAdvice, readinessOf } from './readiness-of.ts';
import type { ListenerContract } from './ingress/listener-contract.ts';
import type { ListenerSweep } from './ingress/listener-sweep.ts';
import type { OperationRunner } from './operations/operation-runner.ts';
import type { Outcome } from './operations/operation.ts';
import { ExitHistory } from './workers/exit-history.ts';
import { currentWorker, type Pool, type Slot } from './workers/pool.ts';
import type { WorkerHandle, WorkerObserver } from './workers/worker-handle.ts';

const FORK_AGAIN_MS = 1_000;
/** Until then, a worker is expected to open all its listeners. */
const NOTE_MISSING_AFTER_MS = 2_000;

export interface SupervisorOptions {
  readonly app: string;
  readonly pool: Pool;
  readonly runner: OperationRunner;
  readonly contract: ListenerContract;
  readonly sweep: ListenerSweep;
  /** Whether a worker must be gone, with all that it started, before its successor starts. */
  readonly stopFirst: () => boolean;
  /** Whether something starts the app again after it has ended. */
  readonly isRevived: () => boolean;
  /** It has ended, and stays for that. */
  readonly onResting: () => void;
  /** Whether its active check succeeded or it has none; if not, with the reason if known. */
  readonly passedCheck: (worker: WorkerHandle) => CheckPassed;
  readonly event: EmitEvent;
  /** No worker is left, and none will be started. */
  readonly onEnded: (state: 'stopped' | 'errored', error: LbError | null) => void;
}

/**
 * The reconciliation loop of the primary: compares the wanted state with the actual one and takes small, idempotent steps.
 * Every message, exit and timer only schedules another round.
 */
export class Supervisor implements WorkerObserver {
  /** When the app was started, in monotonic time. */
  readonly startedAt = now();
  /** The same in wall time. */
  readonly startedWall = wallNow();
  readonly exits = new ExitHistory();
  wasOnline = false;
  ended = false;
  readonly #options: SupervisorOptions;
  #scheduled = false;
  #timer: NodeJS.Timeout | null = null;
  #wakeAt = Number.POSITIVE_INFINITY;
  readonly #noted = new WeakSet<WorkerHandle>();

  constructor(options: SupervisorOptions) {
    this.#options = options;
  }

  /** Schedules a round. Several calls in one turn of the event loop cause only one. */
  wake(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#reconcile();
    });
  }

  /** Gives every slot a new chance. */
  startAgain(): void {
    this.#options.pool.forgetRestarts();
    this.wasOnline = false;
    this.wake();
  }

  /** How the app has ended, while something may start it again; null while it runs. */
  get resting(): 'waiting' | 'errored' | null {
    const { pool, runner, isRevived } = this.#options;
    if (this.ended || runner.current !== null || !isRevived()) return null;
    return pool.outcome === 'stopped' ? 'waiting' : pool.outcome;
  }

  wakeIn(ms: number): void {
    const at = now() + Math.max(1, ms);
    if (at >= this.#wakeAt) return;
    this.#wakeAt = at;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(
      () => {
        this.#wakeAt = Number.POSITIVE_INFINITY;
        this.wake();
      },
      Math.ceil(at - now()),
    );
  }

  onMessage(worker: WorkerHandle, message: unknown): void {
    if (message === 'ready') this.saidReady(worker);
  }

  saidReady(worker: WorkerHandle): void {
    worker.self.saidReady = true;
    this.wake();
  }

  onAccepting(): void {
    this.wake();
  }

  onListenersChanged(): void {
    this.wake();
  }

  onStateChanged(): void {
    if (this.#options.pool.slots.every((slot) => currentWorker(slot)?.state === 'ready')) this.wasOnline = true;
    this.wake();
  }

  onForked(): void {
    // Starts the listen timeout, even if the worker never sends anything.
    this.wake();
  }

  /** Frees the worker's slot for a replacement, as after a crash. The caller kills the worker. */
  abandon(worker: WorkerHandle, stopReason: StopReason, reason: string): void {
    const { pool, runner } = this.#options;
    const claimed = runner.claims(worker);
    pool.abandon(worker, stopReason);
    this.#countEnd(worker, null);
    if (claimed) runner.failed({ worker, reason, output: [...worker.end.lastStderr] });
    this.wake();
  }

  /** A worker was ejected. If the running operation needs it, the operation fails and the worker is retired. */
  ejected(worker: WorkerHandle, reason: string): void {
    const { pool, runner } = this.#options;
    if (!runner.claims(worker) || runner.current?.kind === 'start') return;
    pool.retire(worker, 'unhealthy');
    runner.failed({ worker, reason, output: [...worker.end.lastStderr] });
  }

  /** The process ended. Its slot may be refilled before its last output has been read. */
  onExit(worker: WorkerHandle, code: number | null): void {
    const { pool, runner } = this.#options;
    const slot = pool.slot(worker.slot);
    const { stopReason } = worker.end;
    if (stopReason === null && runner.claims(worker)) slot.awaitsReport = true;
    if (stopReason === null) this.#countEnd(worker, code);
    this.wake();
  }

  onClose(worker: WorkerHandle, report: ExitReport): void {
    const { pool, runner } = this.#options;
    this.exits.add(report);
    pool.counters.exited(report);
    pool.slot(worker.slot).awaitsReport = false;
    pool.remove(worker);
    const isDone = report.code === 0 && pool.slot(worker.slot).restart.phase === 'stopped' && runner.endsWithWorkers;
    if (report.stopReason === null && runner.claims(worker) && !isDone) {
      runner.failed({ worker, reason: `${describeExit(report)} (after ${shortTime(report.uptimeMs)})`, output: report.lastStderr });
    }
    this.wake();
  }

  operationBegan(kind: OperationName): void {
    this.#options.event('operation-begin', `${kind} begins`, undefined, { operation: kind });
  }

  operationFinished(kind: OperationName, outcome: Outcome): void {
    const message = outcome.ok ? outcome.message : outcome.error.message;
    this.#options.event('operation', withoutApp(message, this.#options.app), undefined, { operation: kind, ok: outcome.ok });
    if (outcome.ok && (kind === 'reload' || kind === 'restart')) this.exits.forgetFailures();
    if (kind === 'stop') this.#end('stopped', null);
    else if (kind === 'start' && !outcome.ok && outcome.error.code !== 'LB_ERR_NOT_STARTED_YET') this.#end('errored', outcome.error);
    if (kind !== 'recycle') this.#options.contract.renew(outcome.ok);
    this.wake();
  }

  #reconcile(): void {
    if (this.ended) return;
    const { pool } = this.#options;
    for (const worker of pool.workers) if (worker.state === 'starting') this.#checkReady(worker);
    this.#stepOperation();
    if (this.ended) return;
    let room = pool.startRoom;
    for (const slot of pool.slots) if (this.#mayHaveWorker(slot) && room-- > 0) this.#fork(slot);
    this.#endIfNothingIsLeft();
    const sweepInMs = this.#options.sweep.sweep();
    if (sweepInMs !== null) this.wakeIn(sweepInMs);
  }

  #checkReady(worker: WorkerHandle): void {
    const { pool, runner, contract, event, passedCheck } = this.#options;
    const verdict = readinessOf(worker, { contract, needsAll: runner.needsListeners, healthy: passedCheck(worker) });
    if (verdict.verdict === 'wait') {
      this.#noteMissing(worker, verdict.missing);
      this.wakeIn(verdict.forMs);
    } else if (verdict.verdict === 'ready') {
      const { missing } = verdict;
      worker.move('ready');
      if (missing.length > 0) event('listener-missing', `worker ${worker.slot} does not listen on ${missing.join(', ')}, as the worker before it did`, worker);
    } else {
      const claimed = runner.claims(worker);
      event('not-ready', `worker ${worker.slot} ${verdict.reason}`, worker);
      pool.retire(worker, 'not-ready', { atOnce: true });
      this.#countEnd(worker, null);
      const reason = verdict.reason + dropAdvice(this.#options.app, verdict.missing);
      if (claimed) runner.failed({ worker, reason, output: [...worker.end.lastStderr] });
    }
  }

  /** Tells once why a worker that listens is not ready. */
  #noteMissing(worker: WorkerHandle, missing: readonly string[]): void {
    if (missing.length === 0 || this.#noted.has(worker)) return;
    if (worker.uptimeMs < NOTE_MISSING_AFTER_MS) return this.wakeIn(NOTE_MISSING_AFTER_MS - worker.uptimeMs);
    this.#noted.add(worker);
    const { app, runner } = this.#options;
    runner.progress('note', `${app}[${worker.slot}] does not listen on ${missing.join(', ')} yet, as the worker before it does`, worker);
  }

  /** Applies the restart policy to the slot of a worker that ended unexpectedly, unless another worker serves it. */
  #countEnd({ slot: index, uptimeMs, readyAt, provedReady }: WorkerHandle, code: number | null): void {
    const slot = this.#options.pool.slot(index);
    if (currentWorker(slot) !== undefined) return;
    this.#applyPolicy(slot, { uptimeMs, wasReady: readyAt !== null, provedReady, code });
  }

  #applyPolicy(slot: Slot, end: WorkerEnd): void {
    slot.restart = afterWorkerEnd(slot.restart, end, this.#options.pool.spec, now(), Math.random());
    if (slot.restart.phase !== 'errored') return;
    this.#options.event('errored', `worker ${slot.index} gave up after ${slot.restart.unstable} unstable exits in a row`);
  }

  /** Whether a slot should get a new worker now. Also retires the workers of slots that are not wanted. */
  #mayHaveWorker(slot: Slot): boolean {
    const { pool, runner } = this.#options;
    if (slot.index >= pool.wanted) {
      if (runner.current === null) for (const worker of slot.workers) pool.retire(worker, 'scale');
      return false;
    }
    if (currentWorker(slot) !== undefined || slot.awaitsReport || runner.holds(slot.index)) return false;
    if (slot.workers.length > 0 && this.#options.stopFirst()) return pool.awaitEnd(slot);
    const { phase, dueAt } = slot.restart;
    if (isEnded(phase)) return false;
    if (phase !== 'waiting' || dueAt <= now()) return true;
    this.wakeIn(dueAt - now());
    return false;
  }

  #fork(slot: Slot): void {
    try {
      this.#options.pool.fork(slot.index);
    } catch (error) {
      this.#options.event('fork-failed', `worker ${slot.index} could not be started: ${messageOf(error)}`);
      this.#applyPolicy(slot, { uptimeMs: 0, wasReady: false, provedReady: false, code: null });
      this.wake();
    }
  }

  /** A fork can throw (out of memory, environment too large). That aborts the operation instead of crashing the primary. */
  #stepOperation(): void {
    const { runner, event } = this.#options;
    try {
      runner.step();
    } catch (error) {
      const reason = `a worker could not be started: ${messageOf(error)}`;
      event('fork-failed', reason);
      runner.abort(reason);
      this.wakeIn(FORK_AGAIN_MS);
    }
  }

  #endIfNothingIsLeft(): void {
    const { pool, runner, app, isRevived, onResting } = this.#options;
    const { outcome } = pool;
    if (outcome === null || runner.current !== null) return;
    if (isRevived()) return onResting();
    if (outcome === 'stopped') return this.#end('stopped', null);
    const last = this.exits.last.at(-1);
    const reason = `${last === undefined ? 'its workers ended' : describeExit(last)}; every worker gave up after ${pool.spec.maxRestarts} unstable restarts`;
    this.#end('errored', new LbError('LB_ERR_OPERATION_FAILED', { operation: 'supervision', app, reason }, last?.lastStderr ?? []));
  }

  #end(state: 'stopped' | 'errored', error: LbError | null): void {
    if (this.ended) return;
    this.ended = true;
    this.#options.runner.dropWaiting(`the app is ${state}`);
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#options.event('ended', error === null ? `the app is ${state}` : withoutApp(error.message, this.#options.app), undefined, { state });
    this.#options.onEnded(state, error);
  }
}
