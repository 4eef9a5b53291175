/** A worker that takes part in a keep-alive rebalance. */
export interface Holder {
  /** Effective weight, above 0. */
  readonly weight: number;
  /** Keep-alive connections in use, which can be closed with an answer. */
  readonly kept: number;
}

/** A rebalance starts if a worker is short of its fair share by this many connections and this part of the share. */
const FAR = { connections: 2, part: 0.5 };
/** Once started, it continues until every worker is within this of its share. */
const NEAR = { connections: 1, part: 0.1 };
/**
 * Limits the connections closed per round: this part of all, within these bounds. Each costs a reconnect, usually with a TLS
 * handshake.
 */
const ROUND = { part: 0.125, least: 8, most: 200 };

/**
 * How many keep-alive connections each worker should close in this round. Their clients reconnect, which brings the workers
 * closer to their shares by weight. A reconnect may reach any worker, so this takes several rounds.
 * @param begun an earlier round closed some
 */
export function spreadKept(holders: readonly Holder[], begun: boolean): readonly number[] {
  const kept = holders.reduce((total, holder) => total + holder.kept, 0);
  const weights = holders.reduce((total, { weight }) => total + weight, 0);
  const above = holders.map((holder) => holder.kept - (kept * holder.weight) / weights);
  const isUneven = holders.some((holder, i) => {
    const by = above[i] ?? 0;
    const fair = holder.kept - by;
    return begun ? Math.abs(by) > Math.max(NEAR.connections - EPSILON, fair * NEAR.part) : -by > Math.max(FAR.connections, fair * FAR.part) - EPSILON;
  });
  return isUneven
    ? inOneRound(
        above.map((by) => Math.max(0, Math.floor(by + EPSILON))),
        kept,
      )
    : holders.map(() => 0);
}

/** Tolerance for rounding errors. */
const EPSILON = 1e-6;

function inOneRound(surplus: readonly number[], kept: number): number[] {
  const sum = surplus.reduce((total, n) => total + n, 0);
  const most = Math.min(sum, ROUND.most, Math.max(ROUND.least, Math.floor(kept * ROUND.part)));
  let left = most;
  return surplus.map((n) => {
    const ends = sum === 0 ? 0 : Math.min(left, Math.ceil((n * most) / sum));
    left -= ends;
    return ends;
  });
}
