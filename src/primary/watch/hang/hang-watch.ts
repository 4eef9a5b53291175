import { hangVerdict } from '../../../lifecycle/hang.ts';
import type { WorkerState } from '../../../lifecycle/states.ts';
import { now } from '../../../system/clock.ts';
import { inspectorAttached } from '../../../system/process-state.ts';

const MIN_PERIOD_MS = 500;
const MAX_PERIOD_MS = 5_000;
/** Checks per `hang_timeout`. Several are needed so that a clock jump between two checks is not mistaken for a hung worker. */
const CHECKS_PER_TIMEOUT = 6;

/** What the watch needs to know about a worker. */
export interface Watched {
  readonly pid: number;
  readonly state: WorkerState;
  /** Monotonic time of its last heartbeat or taken connection, or when it became ready. */
  readonly lastSignAt: number;
  /** Whether that sign was a heartbeat without activity. */
  readonly idle: boolean;
  /** The port of its inspector; null if it is closed. */
  readonly inspectorPort: number | null;
}

export interface HangWatchOptions<W extends Watched> {
  readonly workers: () => readonly W[];
  readonly hangTimeoutMs: () => number | null;
  /** Called once per hang. After a sign of life the worker can be reported again. */
  readonly hung: (worker: W, silentMs: number) => void;
  /** Whether a debugger is attached, so that silence is expected. */
  readonly debugged?: (worker: W) => boolean;
  /** Called after each check. */
  readonly checked?: () => void;
  readonly now?: () => number;
}

/** A period without a sign of life. */
interface Silence {
  readonly since: number;
  readonly signAt: number;
  lateMs: number;
  suspected: boolean;
  reported: boolean;
}

/** Detects hung workers, with one timer for all of them. */
export class HangWatch<W extends Watched> {
  readonly #options: HangWatchOptions<W>;
  readonly #now: () => number;
  #silences = new Map<W, Silence>();
  #timer: NodeJS.Timeout | null = null;

  constructor(options: HangWatchOptions<W>) {
    this.#options = options;
    this.#now = options.now ?? now;
  }

  start(): void {
    this.#plan(this.#periodMs());
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #periodMs(): number {
    const timeoutMs = this.#options.hangTimeoutMs();
    return timeoutMs === null ? MAX_PERIOD_MS : Math.max(MIN_PERIOD_MS, Math.min(MAX_PERIOD_MS, timeoutMs / CHECKS_PER_TIMEOUT));
  }

  #plan(waitMs: number): void {
    const dueAt = this.#now() + waitMs;
    this.#timer = setTimeout(() => this.#plan(this.#check(Math.max(0, this.#now() - dueAt))), waitMs);
  }

  /** @returns the time until the next check. */
  #check(lateMs: number): number {
    const silences = new Map<W, Silence>();
    const hangTimeoutMs = this.#options.hangTimeoutMs();
    let waitMs = this.#periodMs();
    for (const worker of this.#options.workers()) {
      const silence = this.#silenceOf(worker, lateMs);
      const { state, idle } = worker;
      const silentMs = this.#now() - silence.since;
      const { verdict, dueMs } = hangVerdict({ state, idle, hangTimeoutMs, silentMs, lateMs: silence.lateMs, suspected: silence.suspected });
      if (dueMs !== null) waitMs = Math.min(waitMs, Math.ceil(dueMs));
      silence.suspected = verdict !== 'alive';
      const isNew = verdict === 'hung' && !silence.reported;
      const debugged = isNew && this.#debugged(worker);
      silences.set(worker, debugged ? begin(worker, this.#now(), 0) : silence);
      if (!isNew || debugged) continue;
      silence.reported = true;
      this.#options.hung(worker, silentMs - silence.lateMs);
    }
    this.#silences = silences;
    this.#options.checked?.();
    return waitMs;
  }

  /** The worker's current silence. Each sign of life starts a new one. */
  #silenceOf(worker: W, lateMs: number): Silence {
    const known = this.#silences.get(worker);
    if (known === undefined || known.signAt !== worker.lastSignAt) {
      return begin(worker, worker.lastSignAt, Math.min(lateMs, Math.max(0, this.#now() - worker.lastSignAt)));
    }
    known.lateMs += lateMs;
    return known;
  }

  #debugged(worker: W): boolean {
    if (this.#options.debugged !== undefined) return this.#options.debugged(worker);
    return worker.inspectorPort !== null && inspectorAttached(worker.pid, worker.inspectorPort);
  }
}

function begin(worker: Watched, since: number, lateMs: number): Silence {
  return { since, signAt: worker.lastSignAt, lateMs, suspected: false, reported: false };
}
