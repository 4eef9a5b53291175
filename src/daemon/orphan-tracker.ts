import { setTimeout as sleep } from 'node:timers/promises';
import { OPERATION_NAMES, type OperationName } from '../lifecycle/operation-name.ts';
import type { ProgressRecord } from '../protocol/control.ts';
import type { EmitEvent, NewEvent } from '../protocol/event.ts';
import { now } from '../system/clock.ts';
import { isAlive, killTree, startTimeOf } from '../system/processes.ts';
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

  /** The primary of these workers is gone. */
  lost(pids: readonly number[]): void {
    const orphans = pids.map((pid) => ({ pid, startTime: startTimeOf(pid) })).filter((one): one is Orphan => one.startTime !== null);
    this.#orphans = [...this.#alive(), ...orphans];
    this.#deadline = now() + this.#options.killTimeoutMs() + LATE_MS;
    this.#isLost = true;
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
      if (now() >= this.#deadline) for (const { pid } of this.#alive()) killTree(pid, 'SIGKILL');
      await sleep(CHECK_EVERY_MS);
    }
    if (!this.#isLost) return;
    this.#isLost = false;
    this.#options.event('ended', 'the app is stopped', undefined, { state: 'stopped' });
  }

  #note(orphans: number): ProgressRecord {
    const { app } = this.#options;
    const message = `${app}: its primary is gone; ${orphans} ${orphans === 1 ? 'worker finishes' : 'workers finish'} alone, within kill_timeout`;
    return { type: 'progress', app, operation: 'stop', step: 'note', slot: null, generation: null, pid: null, message };
  }

  #alive(): Orphan[] {
    this.#orphans = this.#orphans.filter(({ pid, startTime }) => isAlive(pid, startTime));
    return this.#orphans;
  }
}

const operationNamed = (name: unknown): OperationName | null => OPERATION_NAMES.find((known) => known === name) ?? null;
