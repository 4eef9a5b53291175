import { STOP_REASONS } from '../lifecycle/exit-report.ts';

/** What ended workers are counted under: how they ended by themselves, or why `lb` ended them. */
export const EXIT_CAUSES = ['exited', 'crashed', 'killed', ...STOP_REASONS] as const;
export type ExitCause = (typeof EXIT_CAUSES)[number];

/** Connections closed for their PROXY header: it made no sense, did not come in time, came from a source that may not name others, or never came. */
export const PROXY_REJECTIONS = ['malformed', 'timeout', 'untrusted', 'closed'] as const;
export type ProxyRejections = Readonly<Record<(typeof PROXY_REJECTIONS)[number], number>>;

/** What is only ever added to. Times and counts of workers that are gone are in it. */
export interface Counters {
  /** Answers by first digit of their status: 1xx … 5xx. */
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
 * The counters of an app since it was defined. They never go backwards: not when a worker dies or is replaced, and, as the
 * daemon tells them, not when a primary or the daemon itself is killed.
 */
export interface AppTotals extends Counters {
  /** Response times by bucket (see `LATENCY_BUCKETS_MS`), and their sum. */
  readonly latency: readonly number[];
  readonly latencySumMs: number;
  /** Restarts of workers that nobody asked for. */
  readonly restarts: number;
  /** Ended workers by cause; one that never was is absent. */
  readonly exits: Readonly<Partial<Record<ExitCause, number>>>;
  readonly ejections: number;
  /** Connections closed for their PROXY header, by reason. */
  readonly proxyRejections: Readonly<Partial<ProxyRejections>>;
  /** By slot; a slot that is no more keeps its counters. */
  readonly slots: Readonly<Record<number, Counters>>;
}
