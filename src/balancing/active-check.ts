import type { HealthCheckSpec } from '../lifecycle/app-spec.ts';

/** The result of one check. `note`: what an operator should know although it passed. */
export type CheckResult = { readonly ok: true; readonly tookMs: number; readonly note?: string } | { readonly ok: false; readonly reason: string };

export type CheckPolicy = Pick<HealthCheckSpec, 'intervalMs' | 'fall' | 'rise'>;

interface CheckFailure {
  readonly reason: string;
  /** Epoch milliseconds. */
  readonly at: number;
}

/** The check history of a worker. */
export interface CheckState {
  /** `new` until the first success. A booting app may fail any number of times; `listen_timeout` limits that. */
  readonly verdict: 'new' | 'up' | 'down';
  /** Consecutive results that contradict the verdict. */
  readonly streak: number;
  readonly passed: number;
  readonly failed: number;
  readonly last: (CheckResult & { readonly at: number }) | null;
  /** Newest last. */
  readonly lastFailures: readonly CheckFailure[];
}

export const NO_CHECKS: CheckState = { verdict: 'new', streak: 0, passed: 0, failed: 0, last: null, lastFailures: [] };

const KEPT_FAILURES = 5;
/** Maximum interval for a new worker, because a reload waits for it. */
const NEW_EVERY_MS = 500;
/** Fractional part of the golden ratio: its multiples modulo 1 are evenly spread, however many there are. */
const GOLDEN = 0.6180339887498949;

/**
 * HAProxy's fall and rise: `fall` consecutive failures take a worker down, `rise` consecutive successes bring it up; a contrary
 * result restarts the count.
 * @param at epoch milliseconds
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
 * When to check next. Each slot has its own phase of the interval, so that the checks of an app are spread out. A worker whose
 * verdict may change is checked twice as often (HAProxy's `fastinter`).
 * @param startedAt when the last check began
 */
export function nextCheckAt(state: CheckState, { intervalMs }: Pick<CheckPolicy, 'intervalMs'>, slot: number, startedAt: number): number {
  if (state.verdict === 'new') return startedAt + Math.min(intervalMs / 2, NEW_EVERY_MS);
  if (state.streak > 0) return startedAt + intervalMs / 2;
  const phase = ((slot * GOLDEN) % 1) * intervalMs;
  // At least half an interval later, even when moving to the slot's phase.
  return phase + Math.ceil((startedAt + intervalMs / 2 - phase) / intervalMs) * intervalMs;
}
