import type { AppTotals } from '../protocol/totals.ts';
import { addTotals, NO_TOTALS } from './totals.ts';

/** The totals of an app over the lives of its primaries, each of which counts from zero. */
export interface LastingTotals {
  /** Totals of former primaries. */
  readonly base: AppTotals;
  /** Latest totals of the current primary. */
  readonly last: { readonly primary: string; readonly totals: AppTotals } | null;
}

export const NOTHING_SEEN: LastingTotals = { base: NO_TOTALS, last: null };

/** A primary, named by what no other one shares, has counted that much. */
export function seen({ base, last }: LastingTotals, primary: string, totals: AppTotals): LastingTotals {
  const isSame = last === null || last.primary === primary;
  return { base: isSame ? base : addTotals(base, last.totals), last: { primary, totals } };
}

export function totalOf({ base, last }: LastingTotals): AppTotals {
  return last === null ? base : addTotals(base, last.totals);
}
