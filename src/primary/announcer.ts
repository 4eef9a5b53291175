import { describeBlockers } from '../lifecycle/describe-blockers.ts';
import { describeExit, describeStopReason, type ExitReport } from '../lifecycle/exit-report.ts';
import type { WorkerState } from '../lifecycle/states.ts';
import type { ProgressStep } from '../protocol/control.ts';
import type { EmitEvent } from '../protocol/event.ts';
import { now } from '../system/clock.ts';
import type { OperationRunner } from './operations/operation-runner.ts';
import type { LeftBehind } from './workers/descendants.ts';
import type { WorkerHandle, WorkerObserver } from './workers/worker-handle.ts';

const BLOCKERS_EVERY_MS = 1_000;

interface AnnouncerOptions {
  readonly app: string;
  readonly runner: Pick<OperationRunner, 'progress'>;
  readonly event: EmitEvent;
}

/** Reports what happens to workers: as progress of the running operation, and as events. */
export class Announcer implements WorkerObserver {
  readonly #options: AnnouncerOptions;
  readonly #blockersReportedAt = new WeakMap<WorkerHandle, number>();

  constructor(options: AnnouncerOptions) {
    this.#options = options;
  }

  onForked(worker: WorkerHandle): void {
    const { slot, pid, generation } = worker;
    this.#progress('starting', worker, `starting (pid ${pid}, generation ${generation})`);
    this.#options.event('start', `worker ${slot} started, generation ${generation}`, worker, { generation });
  }

  onStateChanged(worker: WorkerHandle, from: WorkerState): void {
    const { slot, pid, generation, state, end } = worker;
    const { event } = this.#options;
    const tookMs = Math.round(worker.uptimeMs);
    if (state === 'ready')
      this.#progress('ready', worker, `ready in ${tookMs} ms${worker.keys.size === 0 && worker.channel.readyBy === null ? ' (does not listen)' : ''}`);
    if (state === 'ready' && from === 'starting') event('ready', `worker ${slot} ready in ${tookMs} ms`, worker, { tookMs, generation });
    if (state === 'draining') {
      const { stopReason } = end;
      this.#progress('draining', worker, `draining (pid ${pid}, generation ${generation})`);
      const why = stopReason === null ? 'its channel closed' : describeStopReason(stopReason);
      event('drain', `worker ${slot} draining (${why})`, worker, { stopReason, generation });
    }
    if (state === 'stopping') this.#progress('stopping', worker, 'stopping');
  }

  onDrainChanged(worker: WorkerHandle): void {
    const reportedAt = this.#blockersReportedAt.get(worker);
    if (reportedAt === undefined) this.#blockersReportedAt.set(worker, now());
    const { blockers, quiet } = worker.self;
    if (reportedAt === undefined || blockers === null || quiet || now() - reportedAt < BLOCKERS_EVERY_MS) return;
    this.#blockersReportedAt.set(worker, now());
    this.#progress('draining', worker, `still has ${describeBlockers(blockers)}`);
  }

  /** It may not listen; the exit report names the holder too, if the worker ends because of it. */
  addressInUse(worker: WorkerHandle, holder: string): void {
    worker.end.refusedAddress(holder);
    this.#progress('note', worker, `cannot listen: ${holder}`);
  }

  onClose(worker: WorkerHandle, report: ExitReport): void {
    const how = describeExit(report);
    const { code, signal, stopReason, cause, killedAtDeadline, generation } = report;
    const why = stopReason === null ? '' : ` (${describeStopReason(stopReason)})`;
    const details = { code, signal, stopReason, cause, killedAtDeadline, uptimeMs: Math.round(report.uptimeMs), generation };
    this.#options.event('exit', `worker ${worker.slot} ended: ${how}${why}${describeLeft(worker.leftBehind)}`, worker, details);
    const { blockers } = worker.self;
    const left = killedAtDeadline && blockers !== null ? `, it still had ${describeBlockers(blockers)}` : '';
    this.#progress('exited', worker, `ended: ${how}${left}`);
  }

  #progress(step: ProgressStep, worker: WorkerHandle, message: string): void {
    const { app, runner } = this.#options;
    runner.progress(step, `${app}[${worker.slot}] ${message}`, worker);
  }
}

function describeLeft(left: LeftBehind | null): string {
  if (left === null || left.ended + left.spared.length === 0) return '';
  const ended = left.ended === 0 ? [] : [`it left ${left.ended === 1 ? '1 process' : `${left.ended} processes`} behind, which lb ended`];
  const spared = left.spared.length === 0 ? [] : [`left running: pid ${left.spared.join(', ')}`];
  return `; ${[...ended, ...spared].join('; ')}`;
}
