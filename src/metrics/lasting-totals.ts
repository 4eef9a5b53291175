import type { AppTotals } from '../protocol/totals.ts';
import { addTotals, NO_TOTALS } from './totals.ts';

/** The totals of an app across its primaries, each of which counts from zero. */
export interface LastingTotals {
  /** Sum of the totals of earlier primaries. */
  readonly base: AppTotals;
  /** Latest totals of the current primary. */
  readonly last: { readonly primary: string; readonly totals: AppTotals } | null;
}

export const NO_LASTING_TOTALS: LastingTotals = { base: NO_TOTALS, last: null };

/** Updates the totals with what a primary has counted. @param primary a unique id */
export function withTotals({ base, last }: LastingTotals, primary: string, totals: AppTotals): LastingTotals {
  const isSame = last === null || last.primary === primary;
  return { base: isSame ? base : addTotals(base, last.totals), last: { primary, totals } };
}

export function totalOf({ base, last }: LastingTotals): AppTotals {
  return last === null ? base : addTotals(base, last.totals);
}
