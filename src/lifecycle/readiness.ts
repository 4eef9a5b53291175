/** Facts about a worker that is not ready yet. */
export interface ReadinessFacts {
  readonly waitReady: boolean;
  /** The app sent `ready`. */
  readonly saidReady: boolean;
  readonly listening: boolean;
  /** A worker of the app listens, or did at some time. */
  readonly appListens: boolean;
  readonly uptimeMs: number;
  readonly minUptimeMs: number;
  readonly listenTimeoutMs: number;
  /** 0 to 1, over the last second; null before its first heartbeat. */
  readonly eventLoopUtilization: number | null;
  readonly healthy: CheckPassed;
}

/** The active check: passed (or there is none), or the reason of its last failure, null before the first. */
export type CheckPassed = { readonly passed: true } | { readonly passed: false; readonly reason: string | null };

export type Readiness =
  | { readonly verdict: 'ready' }
  | { readonly verdict: 'failed'; readonly reason: string }
  /** Check again after this time at the latest. */
  | { readonly verdict: 'wait'; readonly forMs: number };

/** Booting keeps the event loop busier than this. An app that never listens is ready when it is below. */
const SETTLED_UTILIZATION = 0.8;
const RECHECK_MS = 250;

/**
 * A worker is ready when its check, if any, has passed, and
 * - with `wait_ready`: when it calls `process.send('ready')`;
 * - otherwise: when it listens;
 * - if no worker of the app ever listened: when it has survived `min_uptime` and its event loop has settled.
 * After `listen_timeout` it has failed, unless the app never listens: then it is ready.
 */
export function readiness(facts: ReadinessFacts): Readiness {
  const { healthy } = facts;
  const isUp = facts.waitReady ? facts.saidReady : facts.listening;
  if (!healthy.passed) return awaitCheck(facts, isUp, healthy.reason);
  if (isUp) return { verdict: 'ready' };
  const mayNeverListen = !facts.waitReady && !facts.appListens;
  const settled = facts.eventLoopUtilization !== null && facts.eventLoopUtilization < SETTLED_UTILIZATION;
  if (mayNeverListen && settled && facts.uptimeMs >= facts.minUptimeMs) return { verdict: 'ready' };
  if (facts.uptimeMs >= facts.listenTimeoutMs) {
    if (mayNeverListen) return { verdict: 'ready' };
    const missing = facts.waitReady ? "no process.send('ready')" : 'not listening';
    return { verdict: 'failed', reason: `not ready: ${missing} within ${facts.listenTimeoutMs / 1000} s` };
  }
  const left = facts.listenTimeoutMs - facts.uptimeMs;
  return { verdict: 'wait', forMs: mayNeverListen ? Math.min(left, RECHECK_MS) : left };
}

/** An app with a check must listen, so time alone never makes it ready. */
function awaitCheck(facts: ReadinessFacts, isUp: boolean, reason: string | null): Readiness {
  const left = facts.listenTimeoutMs - facts.uptimeMs;
  if (left > 0) return { verdict: 'wait', forMs: left };
  const missing =
    facts.waitReady && !facts.saidReady ? "no process.send('ready')" : isUp ? `health check failed: ${reason ?? 'no answer yet'}` : 'not listening';
  return { verdict: 'failed', reason: `not ready: ${missing} within ${facts.listenTimeoutMs / 1000} s` };
}
