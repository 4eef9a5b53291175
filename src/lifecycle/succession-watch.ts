/** So many checks in a row without an answer prove that a new daemon does not serve. */
const CHECKS_SILENT = 20;

/** What one check of a new daemon shows. */
export interface SuccessionState {
  readonly stage: 'daemon' | 'primaries' | 'settling' | 'done' | 'failed' | null;
  /** Pid of the daemon that answers in the home; null if none does. */
  readonly answering: number | null;
  readonly successor: number;
  readonly now: number;
}

/**
 * Whether a daemon that has taken over still has to be watched: until its upgrade has been settled for a while, or another one has
 * taken over from it. Silence is counted in checks: a machine that slept proves nothing.
 */
export class SuccessionWatch {
  readonly #settleMs: number;
  #silent = 0;
  #settledAt: number | null = null;

  constructor(settleMs: number) {
    this.#settleMs = settleMs;
  }

  check({ stage, answering, successor, now }: SuccessionState): 'goes-on' | 'over' | 'silent' {
    if (stage === 'done' || stage === 'failed') return 'over';
    if (answering !== null && answering !== successor) return 'over';
    if (stage === 'settling') this.#settledAt ??= now;
    if (this.#settledAt !== null && now - this.#settledAt > this.#settleMs) return 'over';
    this.#silent = answering === null ? this.#silent + 1 : 0;
    return this.#silent >= CHECKS_SILENT ? 'silent' : 'goes-on';
  }
}
