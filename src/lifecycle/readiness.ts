/** Facts about a worker that is not ready yet. */
export interface ReadinessFacts {
  readonly waitReady: boolean;
  /** What it lacks until it said `ready`, whatever else it does; null for an app that decides by `waitReady` and its listeners. */
  readonly readyBy: string | null;
  /** The app sent `ready`. */
  readonly saidReady: boolean;
  /** The port it must listen on; null for any. */
  readonly port: number | null;
  /** It listens: on `port`, if there is one. */
  readonly listening: boolean;
  /** The app has a `port`, a worker of it listens, did at some time, or tried to. */
  readonly appListens: boolean;
  /** The listeners of its predecessor that it does not serve yet. */
  readonly missing: readonly string[];
  /** Whether it has failed if it still misses some at the end. */
  readonly needsAll: boolean;
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
  /** `missing`: it counts as ready without these. */
  | { readonly verdict: 'ready'; readonly missing: readonly string[] }
  /** `missing`: all that it lacks are these. */
  | { readonly verdict: 'failed'; readonly reason: string; readonly missing: readonly string[] }
  /** Check again after this time at the latest. `missing`: it waits only for these. */
  | { readonly verdict: 'wait'; readonly forMs: number; readonly missing: readonly string[] };

/** Booting keeps the event loop busier than this. An app that never listens is ready when it is below. */
const SETTLED_UTILIZATION = 0.8;
const RECHECK_MS = 250;

/**
 * A worker is ready when its check, if any, has passed, and
 * - for a command: when `ready` was said in its place;
 * - with `wait_ready`: when it calls `process.send('ready')`;
 * - otherwise: when it listens, and serves every listener that its predecessor serves;
 * - if no worker of the app ever listened: when it has survived `min_uptime` and its event loop has settled.
 * After `listen_timeout` it has failed, unless the app never listens, or only listeners are missing that it need not have.
 */
export function readiness(facts: ReadinessFacts): Readiness {
  const { missing } = facts;
  // An app with a check must listen, so time alone never makes it ready.
  const mayNeverListen = facts.healthy.passed && facts.readyBy === null && !facts.waitReady && !facts.appListens && !facts.listening;
  const lacks = lackOf(facts);
  if (lacks === null && missing.length === 0) return { verdict: 'ready', missing };
  const settled = facts.eventLoopUtilization !== null && facts.eventLoopUtilization < SETTLED_UTILIZATION;
  if (mayNeverListen && settled && facts.uptimeMs >= facts.minUptimeMs) return { verdict: 'ready', missing };
  const left = facts.listenTimeoutMs - facts.uptimeMs;
  if (left > 0) return { verdict: 'wait', forMs: mayNeverListen ? Math.min(left, RECHECK_MS) : left, missing: lacks === null ? missing : [] };
  return mayNeverListen ? { verdict: 'ready', missing } : atLast(facts, lacks);
}

/** When its time is up. */
function atLast({ missing, needsAll, listenTimeoutMs }: ReadinessFacts, lacks: string | null): Readiness {
  if (lacks === null && !needsAll) return { verdict: 'ready', missing };
  const reason = lacks ?? `not listening on ${missing.join(', ')}, as the worker before it does`;
  return { verdict: 'failed', reason: `not ready: ${reason} within ${listenTimeoutMs / 1000} s`, missing: lacks === null ? missing : [] };
}

/** What it lacks by itself, whatever its predecessor serves. */
function lackOf({ waitReady, readyBy, saidReady, listening, port, healthy }: ReadinessFacts): string | null {
  if (readyBy !== null && !saidReady) return readyBy;
  if (waitReady && !saidReady) return "no process.send('ready')";
  if (readyBy === null && !waitReady && !listening) return port === null ? 'not listening' : `not listening on port ${port}`;
  return healthy.passed ? null : `health check failed: ${healthy.reason ?? 'no answer yet'}`;
}
