/** How to reach a worker's shutdown handler. */
export type ShutdownHandler = 'SIGTERM' | 'SIGINT' | 'message' | null;

/** The rungs, in order: finish HTTP, ask the app to shut down, kill. */
const RUNGS = ['drain', 'ask', 'kill'] as const;
export type StopRung = (typeof RUNGS)[number];

export interface StopFacts {
  readonly elapsedMs: number;
  readonly killTimeoutMs: number;
  /** No HTTP connection is left. */
  readonly quiet: boolean;
  /** Rungs that the operator skipped. */
  readonly skips: number;
}

/** Share of `kill_timeout` reserved for the app's shutdown handler when the drain takes long. */
const ASK_SHARE = 0.25;

export interface StopDecision {
  readonly rung: StopRung;
  /** Time until the next rung is due at the latest; null on the last. */
  readonly nextInMs: number | null;
}

/** The rung a leaving worker should be on. After OTP's shutdown and execa's forceful termination. */
export function stopRung(facts: StopFacts): StopDecision {
  const askAtMs = facts.killTimeoutMs * (1 - ASK_SHARE);
  const byTime: StopRung = facts.elapsedMs >= facts.killTimeoutMs ? 'kill' : facts.quiet || facts.elapsedMs >= askAtMs ? 'ask' : 'drain';
  const index = Math.min(RUNGS.length - 1, Math.max(RUNGS.indexOf(byTime), facts.skips));
  const rung = RUNGS[index] ?? 'kill';
  const nextAt = rung === 'drain' ? askAtMs : rung === 'ask' ? facts.killTimeoutMs : null;
  return { rung, nextInMs: nextAt === null ? null : Math.max(0, nextAt - facts.elapsedMs) };
}
