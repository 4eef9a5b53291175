import { STOP_REASONS } from '../lifecycle/exit-report.ts';
import type { RecycleReason } from '../lifecycle/recycle-limits.ts';

/** Causes by which ended workers are counted: how they ended on their own, or why `lb` ended them. */
export const EXIT_CAUSES = ['exited', 'crashed', 'killed', ...STOP_REASONS] as const;
export type ExitCause = (typeof EXIT_CAUSES)[number];

/** Why connections were closed because of their PROXY header: invalid, too late, from a source that is not allowed, or missing. */
export const PROXY_REJECTIONS = ['malformed', 'timeout', 'untrusted', 'closed'] as const;
export type ProxyRejections = Readonly<Record<(typeof PROXY_REJECTIONS)[number], number>>;

/** Counters that only increase. They include former workers. */
export interface Counters {
  /** Answers by status class, 1xx to 5xx. */
  readonly answers: readonly number[];
  readonly bytesReceived: number;
  readonly bytesSent: number;
  /** Connections taken, and those refused or not received. */
  readonly accepted: number;
  readonly refused: number;
  readonly cpuMs: number;
  readonly gcCount: number;
  readonly gcMs: number;
}

/**
 * The counters of an app since it was defined. They never decrease: not when a worker ends and, as the daemon reports them, not
 * when a primary or the daemon is killed.
 */
export interface AppTotals extends Counters {
  /** Number of responses per latency bucket (see `LATENCY_BUCKETS_MS`), and the sum of their times. */
  readonly latency: readonly number[];
  readonly latencySumMs: number;
  /** Unplanned restarts of workers. */
  readonly restarts: number;
  /** Ended workers by cause; absent if 0. */
  readonly exits: Readonly<Partial<Record<ExitCause, number>>>;
  /** Workers that were replaced because they reached a limit or stayed unhealthy, by reason; absent if 0. */
  readonly recycles?: Readonly<Partial<Record<RecycleReason, number>>>;
  readonly ejections: number;
  /** Connections closed for their PROXY header, by reason. */
  readonly proxyRejections: Readonly<Partial<ProxyRejections>>;
  /** By slot; removed slots keep their counters. */
  readonly slots: Readonly<Record<number, Counters>>;
}
