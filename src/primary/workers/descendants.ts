import { realpathSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { commandOf, descendantsOf, isAlive, killTree, sessionOf, type ProcessId } from '../../system/processes.ts';

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
 * down. Those that are left after its exit are ended; spared are those in a session of their own (daemons), and `lb` commands (a
 * webhook that runs `lb reload`) with what belongs to them.
 */
export class Descendants {
  #noted: readonly ProcessId[] = [];
  #session: number | null = null;

  note(pid: number): void {
    this.#noted = descendantsOf(pid);
    this.#session = sessionOf(pid);
  }

  /** Call this after the worker's exit. */
  async end(): Promise<LeftBehind> {
    await this.#gone(() => this.#alive, GRACE_MS);
    const left = this.#alive;
    if (left.length === 0) return { ended: 0, spared: [] };
    const spared = sparedOf(left, this.#session);
    const victims = left.filter(({ pid }) => !spared.has(pid));
    for (const { pid } of victims) send(pid, 'SIGTERM');
    await this.#gone(() => victims.filter(({ pid, startTime }) => isAlive(pid, startTime)), TERM_MS);
    for (const { pid, startTime } of victims) if (isAlive(pid, startTime)) killTree(pid, 'SIGKILL');
    return { ended: victims.length, spared: [...spared] };
  }

  get #alive(): ProcessId[] {
    return this.#noted.filter(({ pid, startTime }) => isAlive(pid, startTime));
  }

  async #gone(left: () => readonly ProcessId[], withinMs: number): Promise<void> {
    for (let waited = 0; waited < withinMs && left().length > 0; waited += CHECK_EVERY_MS) await delay(CHECK_EVERY_MS);
  }
}

function sparedOf(left: readonly ProcessId[], session: number | null): Set<number> {
  const spared = new Set<number>();
  for (const { pid } of left) {
    if (sessionOf(pid) !== session) spared.add(pid);
    const below = descendantsOf(pid);
    // The shell above a command waits for it.
    if (![{ pid }, ...below].some((one) => isLb(one.pid))) continue;
    spared.add(pid);
    if (isLb(pid)) for (const one of below) spared.add(one.pid);
  }
  return spared;
}

function isLb(pid: number): boolean {
  return commandOf(pid).some((word) => word.startsWith('/') && realpath(word).endsWith('/bin/lb.js'));
}

function realpath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return '';
  }
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has just ended.
  }
}
