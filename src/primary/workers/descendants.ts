import { setTimeout as delay } from 'node:timers/promises';
import { now } from '../../system/clock.ts';
import { descendantsOf, isAlive, killTree, sendSignal, sessionOf, type ProcessId } from '../../system/processes.ts';
import { leftOfCommand } from '../../system/command-session.ts';
import { sparedOf } from '../../system/worker-tree.ts';

/** How long they may take to end by themselves after their worker, and then after SIGTERM. */
const GRACE_MS = 1_000;
const TERM_MS = 2_000;
const CHECK_EVERY_MS = 50;

/** What became of the processes that a worker left behind. */
export interface LeftBehind {
  readonly ended: number;
  /** Their pids. */
  readonly spared: readonly number[];
}

/**
 * The processes that a worker started. Once it is gone, nothing connects them with it, so they are noted before it is asked to shut
 * down, and before it is killed. Those that are left after its exit are ended, except those that outlive it.
 */
export class Descendants {
  /** When the worker must be gone, and they with it. */
  leaveBy = Number.POSITIVE_INFINITY;
  readonly #areEnded: boolean;
  #noted: readonly ProcessId[] = [];
  #session: number | null = null;
  /** The worker, if it leads a session. */
  #leader: number | null = null;

  /** @param areEnded whether they end with the worker */
  constructor(areEnded: boolean) {
    this.#areEnded = areEnded;
  }

  note(pid: number): void {
    if (!this.#areEnded) return;
    const session = sessionOf(pid);
    this.#leader = session === pid ? pid : this.#leader;
    const found = this.#leader === pid ? leftOfCommand(pid).filter((one) => one.pid !== pid) : descendantsOf(pid);
    const isNew = ({ pid: one }: ProcessId): boolean => !found.some((other) => other.pid === one);
    this.#noted = [...this.#alive.filter(isNew), ...found];
    this.#session = session ?? this.#session;
  }

  /** Call this after the worker's exit. */
  async end(): Promise<LeftBehind> {
    // Also those whose parents ended before.
    if (this.#leader !== null) this.note(this.#leader);
    await this.#gone(() => this.#victims, GRACE_MS);
    const victims = this.#victims;
    for (const { pid } of victims) sendSignal(pid, 'SIGTERM');
    await this.#gone(() => victims.filter(isProcessAlive), TERM_MS);
    for (const one of victims) if (isProcessAlive(one)) killTree(one.pid, 'SIGKILL');
    return { ended: victims.length, spared: this.#alive.flatMap(({ pid }) => (victims.some((one) => one.pid === pid) ? [] : pid)) };
  }

  get #alive(): ProcessId[] {
    return this.#noted.filter(isProcessAlive);
  }

  get #victims(): ProcessId[] {
    const alive = this.#alive;
    const spared = sparedOf(alive, this.#session);
    return alive.filter(({ pid }) => !spared.has(pid));
  }

  async #gone(left: () => readonly ProcessId[], withinMs: number): Promise<void> {
    const until = Math.min(now() + withinMs, this.leaveBy);
    while (left().length > 0 && now() < until) await delay(CHECK_EVERY_MS);
  }
}

function isProcessAlive({ pid, startTime }: ProcessId): boolean {
  return isAlive(pid, startTime);
}
