import type { HealthCheckSpec } from '../lifecycle/app-spec.ts';

/** What one check of a worker found. */
export type CheckResult = { readonly ok: true; readonly tookMs: number } | { readonly ok: false; readonly reason: string };

export type CheckPolicy = Pick<HealthCheckSpec, 'intervalMs' | 'fall' | 'rise'>;

interface CheckFailure {
  readonly reason: string;
  /** Epoch milliseconds. */
  readonly at: number;
}

/** What is remembered of a worker's checks. */
export interface CheckState {
  /** `new` until the first success: an app that boots may fail as often as it likes, its time to become ready is bounded elsewhere. */
  readonly verdict: 'new' | 'up' | 'down';
  /** Results in a row that speak against the verdict. */
  readonly streak: number;
  readonly passed: number;
  readonly failed: number;
  readonly last: (CheckResult & { readonly at: number }) | null;
  /** Newest last. */
  readonly lastFailures: readonly CheckFailure[];
}

export const NO_CHECKS: CheckState = { verdict: 'new', streak: 0, passed: 0, failed: 0, last: null, lastFailures: [] };

const KEPT_FAILURES = 5;
/** A worker that boots is asked at least this often, because a reload waits for it. */
const NEW_EVERY_MS = 500;
/** Fractional part of the golden ratio: multiples of it, modulo 1, lie evenly apart however many there are. */
const GOLDEN = 0.6180339887498949;

/**
 * HAProxy's fall and rise: `fall` failures in a row take a worker down, `rise` successes in a row bring it up, and one
 * result to the contrary begins the count anew.
 * @param at epoch milliseconds, for people.
 */
export function afterCheck(state: CheckState, result: CheckResult, policy: Pick<CheckPolicy, 'fall' | 'rise'>, at: number): CheckState {
  const counted = {
    passed: state.passed + (result.ok ? 1 : 0),
    failed: state.failed + (result.ok ? 0 : 1),
    last: { ...result, at },
    lastFailures: result.ok ? state.lastFailures : [...state.lastFailures, { reason: result.reason, at }].slice(-KEPT_FAILURES),
  };
  if (state.verdict === 'new') return { ...counted, verdict: result.ok ? 'up' : 'new', streak: 0 };
  const isUp = state.verdict === 'up';
  const streak = result.ok === isUp ? 0 : state.streak + 1;
  if (streak < (isUp ? policy.fall : policy.rise)) return { ...counted, verdict: state.verdict, streak };
  return { ...counted, verdict: isUp ? 'down' : 'up', streak: 0 };
}

/**
 * When to check next. Steady workers each have their own moment of the interval, so that the checks of an app never
 * come together; one whose verdict is about to change is asked twice as often (HAProxy's `fastinter`).
 * @param startedAt when the last check began.
 */
export function nextCheckAt(state: CheckState, { intervalMs }: Pick<CheckPolicy, 'intervalMs'>, slot: number, startedAt: number): number {
  if (state.verdict === 'new') return startedAt + Math.min(intervalMs / 2, NEW_EVERY_MS);
  if (state.streak > 0) return startedAt + intervalMs / 2;
  const phase = ((slot * GOLDEN) % 1) * intervalMs;
  // Never sooner than half an interval, when a worker joins its moment.
  return phase + Math.ceil((startedAt + intervalMs / 2 - phase) / intervalMs) * intervalMs;
}
