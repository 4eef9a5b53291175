import { list, number, object, optional, record, type Parser, type Shape } from './parser.ts';
import { EXIT_CAUSES, PROXY_REJECTIONS, type AppTotals, type Counters, type ProxyRejections } from './totals.ts';
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

/** A number for any of these names. */
const someOf = <Name extends string>(names: readonly Name[]): Parser<Readonly<Partial<Record<Name, number>>>> =>
  object<Partial<Record<Name, number>>>(Object.fromEntries(names.map((name) => [name, optional(number())])) as never);

export const proxyRejections = object<ProxyRejections>({ malformed: number(), timeout: number(), untrusted: number(), closed: number() });

export const appTotals = object<AppTotals>({
  ...COUNTERS,
  latency: byLatency,
  latencySumMs: number(),
  restarts: number(),
  exits: someOf(EXIT_CAUSES),
  ejections: number(),
  proxyRejections: someOf(PROXY_REJECTIONS),
  slots: record(object<Counters>(COUNTERS)),
});
