import { isServing, type WorkerState } from './states.ts';

/** A worker that told of nothing going on leaves out four heartbeats, one a second, before it sends the next. */
const IDLE_SILENCE_MS = 4_000;
/** Between the two looks: the primary reads what waits on its channels meanwhile. */
const SECOND_LOOK_MS = 100;

export interface HangFacts {
  readonly state: WorkerState;
  /** Null is never hung. */
  readonly hangTimeoutMs: number | null;
  /** Since its last sign of life: a message, a connection taken; or since it became ready. */
  readonly silentMs: number;
  /** Of that time, how long the primary itself did not run when it should have (suspended, starved, blocked). */
  readonly lateMs: number;
  /** Its last sign was a heartbeat that told of nothing going on. */
  readonly idle: boolean;
  /** The look before this one suspected it, and it has given no sign since. */
  readonly suspected: boolean;
}

/** `dueMs`: when to look again at the latest; null when there is nothing to wait for. */
export interface HangVerdict {
  readonly verdict: 'alive' | 'suspect' | 'hung';
  readonly dueMs: number | null;
}

/**
 * Whether a worker hangs: no sign of life for `hang_timeout`, seen by two looks. The idea of a heartbeat with a timeout
 * is gunicorn's. A worker that starts may compute for as long as `ready_timeout` lets it, one that leaves has
 * `kill_timeout`; both are not looked at here.
 */
export function hangVerdict(facts: HangFacts): HangVerdict {
  const { state, hangTimeoutMs, suspected } = facts;
  if (hangTimeoutMs === null || !isServing(state)) return { verdict: 'alive', dueMs: null };
  const allowedMs = hangTimeoutMs + (facts.idle ? IDLE_SILENCE_MS : 0);
  const leftMs = allowedMs - (facts.silentMs - facts.lateMs);
  if (leftMs > 0) return { verdict: 'alive', dueMs: leftMs };
  return suspected ? { verdict: 'hung', dueMs: null } : { verdict: 'suspect', dueMs: SECOND_LOOK_MS };
}
