import type { CheckFailure } from '../../balancing/active-check.ts';
import type { WorkerState } from '../../lifecycle/states.ts';

/** What `lb health` shows of one worker. */
export interface WorkerHealth {
  readonly slot: number;
  readonly pid: number;
  readonly state: WorkerState;
  /** Active checks since it started. */
  readonly checks: { readonly passed: number; readonly failed: number };
  /** The last check; null before the first. `at` is epoch milliseconds. */
  readonly last: { readonly ok: boolean; readonly reason: string | null; readonly tookMs: number | null; readonly at: number } | null;
  /** At most five, newest last. */
  readonly lastFailures: readonly CheckFailure[];
  /** Since it started. */
  readonly ejections: number;
  /** Why it is, or should be, out of the rotation; a sole worker never is. */
  readonly causes: readonly string[];
  /** For how long the causes have stood; null without any. */
  readonly sinceMs: number | null;
}
