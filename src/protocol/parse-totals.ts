import { list, number, object, optional, record, type Shape } from './parser.ts';
import type { AppTotals, Counters, ProxyRejections } from './totals.ts';
import { LATENCY_BUCKETS_MS } from './worker.ts';

/** One number per status class, 1xx to 5xx. */
export const byStatusClass = list(number(), 5);
/** One number per latency bucket. */
export const byLatency = list(number(), LATENCY_BUCKETS_MS.length + 1);

const COUNTERS: Shape<Counters> = {
  answers: byStatusClass,
  bytesReceived: number(),
  bytesSent: number(),
  accepted: number(),
  refused: number(),
  cpuMs: number(),
  gcCount: number(),
  gcMs: number(),
};

export const counters = object<Counters>(COUNTERS);

export const proxyRejections = object<ProxyRejections>({ malformed: number(), timeout: number(), untrusted: number(), closed: number() });

export const appTotals = object<AppTotals>({
  ...COUNTERS,
  latency: byLatency,
  latencySumMs: number(),
  restarts: number(),
  exits: record(number()),
  recycles: optional(record(number())),
  ejections: number(),
  proxyRejections: record(number()),
  slots: record(counters),
});
