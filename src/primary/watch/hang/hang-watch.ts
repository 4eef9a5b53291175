import { hangVerdict } from '../../../lifecycle/hang.ts';
import type { WorkerState } from '../../../lifecycle/states.ts';
import { now } from '../../../system/clock.ts';
import { inspectorAttached } from '../../../system/process-state.ts';

const SHORTEST_LOOK_MS = 500;
const LONGEST_LOOK_MS = 5_000;
/** Looks per `hang_timeout`: a clock that jumps between two of them must not look like a hung worker. */
const LOOKS = 6;

/** What the watch wants to know of a worker. */
export interface Watched {
  readonly pid: number;
  readonly state: WorkerState;
  /** Monotonic time of its last message or taken connection, or when it became ready. */
  readonly lastSignAt: number;
  /** That sign was a heartbeat that told of nothing going on. */
  readonly idle: boolean;
  /** Where its inspector is open; null when it is not. */
  readonly inspectorPort: number | null;
}

export interface HangWatchOptions<W extends Watched> {
  readonly workers: () => readonly W[];
  readonly hangTimeoutMs: () => number | null;
  /** Once per hung worker; a sign of life makes it a new one. */
  readonly hung: (worker: W, silentMs: number) => void;
  /** Whether somebody debugs it, which makes silence normal. */
  readonly debugged?: (worker: W) => boolean;
  /** After each look. */
  readonly looked?: () => void;
  readonly now?: () => number;
}

/** A time without a sign of life. */
interface Silence {
  readonly since: number;
  readonly signAt: number;
  lateMs: number;
  suspected: boolean;
  reported: boolean;
}

/** The one timer that notices hung workers. */
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
    return timeoutMs === null ? LONGEST_LOOK_MS : Math.max(SHORTEST_LOOK_MS, Math.min(LONGEST_LOOK_MS, timeoutMs / LOOKS));
  }

  #plan(waitMs: number): void {
    const dueAt = this.#now() + waitMs;
    this.#timer = setTimeout(() => this.#plan(this.#check(Math.max(0, this.#now() - dueAt))), waitMs);
  }

  /** @returns how long to wait for the next look. */
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
    this.#options.looked?.();
    return waitMs;
  }

  /** Its present silence; a sign of life begins another. */
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
