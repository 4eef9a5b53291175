/** A ready or ejected worker. */
export interface Candidate {
  readonly ejected: boolean;
  /** 0 gets no connections under any circumstances. */
  readonly weight: number;
  /** Ready, but not switched to yet; used only if there is no other worker. */
  readonly standby: boolean;
  readonly backup: boolean;
}

/** The workers that get new connections. */
export interface Rotation {
  /** Indexes of the candidates. */
  readonly members: readonly number[];
  /** The panic rule applies: health is ignored. */
  readonly panic: boolean;
}

/** Envoy's `healthy_panic_threshold`. */
const PANIC_BELOW = 0.5;

/**
 * Selects the workers that get new connections. If fewer than half are healthy, all of them do (panic rule): the rest would be
 * overrun, and a check that fails nearly everywhere is probably wrong. But healthy backups come first if no other worker is
 * healthy. Backups are members; the strategies decide when to use them.
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
