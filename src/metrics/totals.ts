import type { AppTotals, Counters } from '../protocol/totals.ts';
import { emptyBuckets } from './latency.ts';

type Tree = number | readonly Tree[] | { readonly [key: string]: Tree };

export const NO_COUNTERS: Counters = { answers: [0, 0, 0, 0, 0], bytesReceived: 0, bytesSent: 0, accepted: 0, refused: 0, cpuMs: 0, gcCount: 0, gcMs: 0 };

export const NO_TOTALS: AppTotals = {
  ...NO_COUNTERS,
  latency: emptyBuckets(),
  latencySumMs: 0,
  restarts: 0,
  exits: {},
  ejections: 0,
  proxyRejections: {},
  slots: {},
};

export const addCounters = (a: Counters, b: Counters): Counters => add(a as unknown as Tree, b as unknown as Tree) as unknown as Counters;
export const addTotals = (a: AppTotals, b: AppTotals): AppTotals => add(a as unknown as Tree, b as unknown as Tree) as unknown as AppTotals;

/** Adds numbers recursively, by index in arrays and by key in objects; a value on one side only is kept. */
function add(a: Tree | undefined, b: Tree | undefined): Tree {
  if (a === undefined || b === undefined) return a ?? b ?? 0;
  if (typeof a === 'number' || typeof b === 'number') return Number(a) + Number(b);
  if (isList(a) && isList(b)) return Array.from({ length: Math.max(a.length, b.length) }, (_, i) => add(a[i], b[i]));
  if (isList(a) || isList(b)) return b;
  const sum: Record<string, Tree> = { ...a };
  for (const [key, value] of Object.entries(b)) sum[key] = add(sum[key], value);
  return sum;
}

const isList = (tree: Tree): tree is readonly Tree[] => Array.isArray(tree);
