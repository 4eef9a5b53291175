/** What is known of a worker that has not become ready. */
export interface ReadinessFacts {
  readonly waitReady: boolean;
  /** The app sent `ready`. */
  readonly saidReady: boolean;
  readonly listening: boolean;
  /** The app is known to listen: a worker of it does, or did. */
  readonly appListens: boolean;
  readonly uptimeMs: number;
  readonly minUptimeMs: number;
  readonly listenTimeoutMs: number;
  /** 0 to 1 over its last second; null before its first heartbeat. */
  readonly eventLoopUtilization: number | null;
  readonly healthy: CheckPassed;
}

/** Whether the active check of a worker succeeded, or it has none; else what the last one found, null before the first. */
export type CheckPassed = { readonly passed: true } | { readonly passed: false; readonly reason: string | null };

export type Readiness =
  | { readonly verdict: 'ready' }
  | { readonly verdict: 'failed'; readonly reason: string }
  /** Look again after this time at the latest. */
  | { readonly verdict: 'wait'; readonly forMs: number };

/** A boot keeps the event loop busier than this; an app that never listens is ready once it came to rest. */
const SETTLED_UTILIZATION = 0.8;
const LOOK_AGAIN_MS = 250;

/**
 * Ready is: `process.send('ready')` if `wait_ready`; else the first `listen`; else, for an app of which no worker ever
 * listened, having survived `min_uptime` and come to rest; and a passed check, if there is one. Not ready after `listen_timeout` is a failure, but for the
 * app that never listens: it survived that long.
 */
export function readiness(facts: ReadinessFacts): Readiness {
  const { healthy } = facts;
  const isUp = facts.waitReady ? facts.saidReady : facts.listening;
  if (!healthy.passed) return unchecked(facts, isUp, healthy.reason);
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
  return { verdict: 'wait', forMs: mayNeverListen ? Math.min(left, LOOK_AGAIN_MS) : left };
}

/** An app with a check listens, so time alone never makes it ready. */
function unchecked(facts: ReadinessFacts, isUp: boolean, reason: string | null): Readiness {
  const left = facts.listenTimeoutMs - facts.uptimeMs;
  if (left > 0) return { verdict: 'wait', forMs: left };
  const missing =
    facts.waitReady && !facts.saidReady ? "no process.send('ready')" : isUp ? `health check failed: ${reason ?? 'no answer yet'}` : 'not listening';
  return { verdict: 'failed', reason: `not ready: ${missing} within ${facts.listenTimeoutMs / 1000} s` };
}
