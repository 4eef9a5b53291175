/** How a leaving worker's shutdown handler can be reached. */
export type ShutdownHandler = 'SIGTERM' | 'SIGINT' | 'message' | null;

/** The rungs, in order: finish HTTP, ask the app to shut down, kill. */
const RUNGS = ['drain', 'ask', 'kill'] as const;
export type StopRung = (typeof RUNGS)[number];

export interface StopFacts {
  readonly elapsedMs: number;
  readonly killTimeoutMs: number;
  /** The worker reported that no HTTP connection is left. */
  readonly quiet: boolean;
  /** Rungs that an operator asked to skip. */
  readonly skips: number;
}

/** Share of the kill timeout that is left to the app's own shutdown handler when the drain takes long. */
const ASK_SHARE = 0.25;

export interface StopDecision {
  readonly rung: StopRung;
  /** When the next rung is due at the latest, in milliseconds from now; null on the last. */
  readonly nextInMs: number | null;
}

/** The rung a leaving worker should be on. Borrowed idea: OTP's shutdown, execa's forceful termination. */
export function stopRung(facts: StopFacts): StopDecision {
  const askAtMs = facts.killTimeoutMs * (1 - ASK_SHARE);
  const byTime: StopRung = facts.elapsedMs >= facts.killTimeoutMs ? 'kill' : facts.quiet || facts.elapsedMs >= askAtMs ? 'ask' : 'drain';
  const index = Math.min(RUNGS.length - 1, Math.max(RUNGS.indexOf(byTime), facts.skips));
  const rung = RUNGS[index] ?? 'kill';
  const nextAt = rung === 'drain' ? askAtMs : rung === 'ask' ? facts.killTimeoutMs : null;
  return { rung, nextInMs: nextAt === null ? null : Math.max(0, nextAt - facts.elapsedMs) };
}
