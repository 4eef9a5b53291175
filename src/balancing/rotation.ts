/** A worker that is ready or ejected. */
export interface Candidate {
  readonly ejected: boolean;
  /** 0: takes nothing, whatever happens. */
  readonly weight: number;
  /** Ready, but waits for a switch; better than none. */
  readonly standby: boolean;
  readonly backup: boolean;
}

/** The workers that take new connections. */
export interface Rotation {
  /** Indexes. */
  readonly members: readonly number[];
  /** Health is ignored. */
  readonly panic: boolean;
}

/** Envoy's `healthy_panic_threshold`. */
const PANIC_BELOW = 0.5;

/**
 * Who takes new connections. When fewer than half are healthy, all of them do: what is left would be overrun, and a
 * check that fails nearly everywhere says more about the check. Healthy backups go before that when no other worker is
 * healthy. Backups are members; the strategies know when to use them.
 */
export function rotation(candidates: readonly Candidate[]): Rotation {
  const weighted = [...candidates.entries()].filter(([, { weight }]) => weight > 0);
  const current = weighted.filter(([, { standby }]) => !standby);
  const pool = current.length > 0 ? current : weighted;
  const healthy = pool.filter(([, { ejected }]) => !ejected);
  const backupsServe = healthy.length > 0 && healthy.every(([, { backup }]) => backup);
  const panic = !backupsServe && healthy.length < pool.length * PANIC_BELOW;
  return { members: (panic ? pool : healthy).map(([index]) => index), panic };
}
