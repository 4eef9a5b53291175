import { setTimeout as sleep } from 'node:timers/promises';
import { OPERATION_NAMES, type OperationName } from '../lifecycle/operation-name.ts';
import { askAfter } from '../lifecycle/stop-ladder.ts';
import type { ProgressRecord } from '../protocol/control.ts';
import type { EmitEvent, NewEvent } from '../protocol/event.ts';
import { LEAVE_SIGNAL } from '../protocol/worker.ts';
import { now } from '../system/clock.ts';
import { isAlive, sendSignal, startTimeOf } from '../system/processes.ts';
import { killWorkerTree } from '../system/worker-tree.ts';
import type { ProgressListener } from './attachment.ts';

const CHECK_EVERY_MS = 50;
/** Time beyond `kill_timeout`, at which a worker without a primary ends itself; one that hangs cannot. */
const LATE_MS = 1_000;

interface Orphan {
  readonly pid: number;
  readonly startTime: number;
}

interface OrphanTrackerOptions {
  readonly app: string;
  readonly event: EmitEvent;
  readonly killTimeoutMs: () => number;
}

/** What the death of a primary leaves behind: an unfinished operation, and workers that finish on their own. */
export class OrphanTracker {
  readonly #options: OrphanTrackerOptions;
  #operation: OperationName | null = null;
  #orphans: Orphan[] = [];
  #deadline = 0;
  /** While the app is being stopped: when they are asked, and when they have to be gone. */
  #askAt = Number.POSITIVE_INFINITY;
  #leaveBy = Number.POSITIVE_INFINITY;
  #timers: readonly NodeJS.Timeout[] = [];
  /** No primary has come after the one that was lost. */
  #isLost = false;

  constructor(options: OrphanTrackerOptions) {
    this.#options = options;
  }

  /** An event of the primary. */
  heard({ kind, details }: NewEvent): void {
    if (kind === 'operation-begin') this.#operation = operationNamed(details?.['operation']);
    else if (kind === 'operation') this.#operation = null;
  }

  /** A primary is connected, with this operation under way. */
  taken(operation: string | null): void {
    this.#operation = operationNamed(operation);
    this.#isLost = false;
  }

  /** The app is being stopped: whatever orphans it has or gets meanwhile are gone within this time. */
  leave(withinMs: number): void {
    if (now() + withinMs >= this.#leaveBy) return;
    this.#askAt = now() + askAfter(withinMs);
    this.#leaveBy = now() + withinMs;
    this.#setTimers([setTimeout(() => this.#ask(), askAfter(withinMs)), setTimeout(() => this.#kill(), withinMs)]);
  }

  /** The primary of these workers is gone. */
  lost(pids: readonly number[]): void {
    const orphans = pids.map((pid) => ({ pid, startTime: startTimeOf(pid) })).filter((one): one is Orphan => one.startTime !== null);
    this.#orphans = [...this.#alive(), ...orphans];
    this.#deadline = now() + this.#options.killTimeoutMs() + LATE_MS;
    this.#isLost = true;
    if (now() >= this.#askAt) this.#ask();
    const operation = this.#operation;
    this.#operation = null;
    if (operation !== null) this.#options.event('operation', `${operation} was interrupted: its primary ended`, undefined, { operation, ok: false });
  }

  /** Resolves when no orphaned worker is left; with `atOnce` they are killed. */
  async gone(atOnce: boolean, onProgress: ProgressListener = () => {}): Promise<void> {
    if (atOnce) this.#deadline = now();
    const { length } = this.#alive();
    if (length > 0) onProgress(this.#note(length));
    while (this.#alive().length > 0) {
      if (now() >= Math.min(this.#deadline, this.#leaveBy)) this.#kill();
      await sleep(CHECK_EVERY_MS);
    }
    this.#setTimers([]);
    this.#askAt = this.#leaveBy = Number.POSITIVE_INFINITY;
    if (!this.#isLost) return;
    this.#isLost = false;
    this.#options.event('ended', 'the app is stopped', undefined, { state: 'stopped' });
  }

  #note(orphans: number): ProgressRecord {
    const { app } = this.#options;
    const message = `${app}: its primary is gone; ${orphans} ${orphans === 1 ? 'worker finishes' : 'workers finish'} alone, within ${this.#leaveBy < this.#deadline ? 'stop_grace' : 'kill_timeout'}`;
    return { type: 'progress', app, operation: 'stop', step: 'note', slot: null, generation: null, pid: null, message };
  }

  /** They ask their apps to shut down. */
  #ask(): void {
    for (const { pid } of this.#alive()) sendSignal(pid, LEAVE_SIGNAL);
  }

  #kill(): void {
    for (const { pid } of this.#alive()) killWorkerTree(pid);
  }

  #setTimers(timers: readonly NodeJS.Timeout[]): void {
    for (const timer of this.#timers) clearTimeout(timer);
    for (const timer of timers) timer.unref();
    this.#timers = timers;
  }

  #alive(): Orphan[] {
    this.#orphans = this.#orphans.filter(({ pid, startTime }) => isAlive(pid, startTime));
    return this.#orphans;
  }
}

const operationNamed = (name: unknown): OperationName | null => OPERATION_NAMES.find((known) => known === name) ?? null;
