import { appTotals, counters } from '../protocol/parse-totals.ts';
import { fieldsOf } from '../protocol/parser.ts';
import type { AppTotals, Counters } from '../protocol/totals.ts';
import { emptyBuckets } from './latency.ts';

export const NO_COUNTERS: Counters = { answers: [0, 0, 0, 0, 0], bytesReceived: 0, bytesSent: 0, accepted: 0, refused: 0, cpuMs: 0, gcCount: 0, gcMs: 0 };

export const NO_TOTALS: AppTotals = {
  ...NO_COUNTERS,
  latency: emptyBuckets(),
  latencySumMs: 0,
  restarts: 0,
  exits: {},
  recycles: {},
  ejections: 0,
  proxyRejections: {},
  slots: {},
};

export const addCounters = (a: Counters, b: Counters): Counters => counters(add(a, b));
export const addTotals = (a: AppTotals, b: AppTotals): AppTotals => appTotals(add(a, b));

/** Adds numbers recursively, by index in arrays and by key in objects; a value on one side only is kept. */
function add(a: unknown, b: unknown): unknown {
  if (a === undefined || b === undefined) return a ?? b;
  if (typeof a === 'number' && typeof b === 'number') return a + b;
  if (Array.isArray(a) && Array.isArray(b)) return Array.from({ length: Math.max(a.length, b.length) }, (_, i) => add(a[i], b[i]));
  const [one, other] = [fieldsOf(a), fieldsOf(b)];
  return Object.fromEntries(Object.keys({ ...one, ...other }).map((key) => [key, add(one[key], other[key])]));
}
