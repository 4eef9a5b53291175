import type { AppTotals } from '../protocol/totals.ts';
import { addTotals, NO_TOTALS } from './totals.ts';

/** The latest totals of one primary. */
interface PrimaryTotals {
  /** A unique id. */
  readonly primary: string;
  readonly totals: AppTotals;
}

/** The totals of an app across its primaries, each of which counts from zero. */
export interface LastingTotals {
  /** Sum of the totals of all primaries but the last two. */
  readonly base: AppTotals;
  /** The primary before the current one, which may still be draining and counting. */
  readonly before?: PrimaryTotals | null;
  readonly last: PrimaryTotals | null;
}

export const NO_LASTING_TOTALS: LastingTotals = { base: NO_TOTALS, last: null };

/** Updates the totals with what a primary has counted. @param primary a unique id */
export function withTotals(lasting: LastingTotals, primary: string, totals: AppTotals): LastingTotals {
  const { base, before = null, last } = lasting;
  if (before?.primary === primary) return { ...lasting, before: { primary, totals } };
  if (last === null || last.primary === primary) return { ...lasting, last: { primary, totals } };
  return { base: sum(base, before), before: last, last: { primary, totals } };
}

export const totalOf = ({ base, before = null, last }: LastingTotals): AppTotals => sum(sum(base, before), last);

/** To be saved: after a restart nothing is known of the primary before the last one. */
export const toSave = ({ base, before = null, last }: LastingTotals): LastingTotals => ({ base: sum(base, before), last });

const sum = (totals: AppTotals, more: PrimaryTotals | null): AppTotals => (more === null ? totals : addTotals(totals, more.totals));
