import { isServing, type WorkerState } from './states.ts';

/** An idle worker sends only every fifth heartbeat (they are 1 s apart). */
const IDLE_SILENCE_MS = 4_000;
/** Time between the two checks. In it, the primary reads what waits on its channels. */
const RECHECK_MS = 100;

export interface HangFacts {
  readonly state: WorkerState;
  /** Null for never. */
  readonly hangTimeoutMs: number | null;
  /** Time since its last sign of life (a message, a connection taken), or since it became ready. */
  readonly silentMs: number;
  /** How much of that time the primary itself did not run (suspended, starved, blocked). */
  readonly lateMs: number;
  /** Its last sign of life was an idle heartbeat. */
  readonly idle: boolean;
  /** The previous check suspected it, and it has given no sign of life since. */
  readonly suspected: boolean;
}

/** `dueMs`: time until the next check at the latest; null for none. */
export interface HangVerdict {
  readonly verdict: 'alive' | 'suspect' | 'hung';
  readonly dueMs: number | null;
}

/**
 * Whether a worker hangs: two checks found no sign of life for `hang_timeout`. The heartbeat with a timeout is gunicorn's idea.
 * Starting and leaving workers are not checked: `listen_timeout` and `kill_timeout` limit those.
 */
export function hangVerdict(facts: HangFacts): HangVerdict {
  const { state, hangTimeoutMs, suspected } = facts;
  if (hangTimeoutMs === null || !isServing(state)) return { verdict: 'alive', dueMs: null };
  const allowedMs = hangTimeoutMs + (facts.idle ? IDLE_SILENCE_MS : 0);
  const leftMs = allowedMs - (facts.silentMs - facts.lateMs);
  if (leftMs > 0) return { verdict: 'alive', dueMs: leftMs };
  return suspected ? { verdict: 'hung', dueMs: null } : { verdict: 'suspect', dueMs: RECHECK_MS };
}
