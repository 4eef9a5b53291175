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
  /** Ended workers by cause: why they were ended, or `exited`, `crashed` or `killed` by themselves. */
  readonly exits: Readonly<Record<string, number>>;
  readonly ejections: number;
  /** Connections closed for their PROXY header, by reason. */
  readonly proxyRejections: Readonly<Record<string, number>>;
  /** By slot; a slot that is no more keeps its counters. */
  readonly slots: Readonly<Record<number, Counters>>;
}
