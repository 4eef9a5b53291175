/** A worker among those over which kept connections are spread. */
export interface Holder {
  /** Effective weight, above 0. */
  readonly weight: number;
  /** Connections in use that stay open between requests, and can be ended with an answer. */
  readonly kept: number;
}

/** Far from its fair share is a worker that has less by so many connections and by this part of the share. */
const FAR = { connections: 2, part: 0.5 };
/** Once begun, it goes on until every worker is nearer to its share than this. */
const NEAR = { connections: 1, part: 0.1 };
/** Connections that end in one round: this part of all, within these bounds. Each is a connect, and mostly a TLS handshake. */
const ROUND = { part: 0.125, least: 8, most: 200 };

/**
 * How many kept connections each worker should end in this round, so that their clients connect again and all workers
 * get their share by weight. What ends comes back to any worker, so several rounds are needed: with round-robin until as
 * many have ended as there are, at most.
 * @param begun an earlier round ended some.
 */
export function spreadKept(holders: readonly Holder[], begun: boolean): readonly number[] {
  const kept = holders.reduce((total, holder) => total + holder.kept, 0);
  const weights = holders.reduce((total, { weight }) => total + weight, 0);
  const above = holders.map((holder) => holder.kept - (kept * holder.weight) / weights);
  const isUneven = holders.some((holder, i) => {
    const by = above[i] ?? 0;
    const fair = holder.kept - by;
    return begun ? Math.abs(by) > Math.max(NEAR.connections - ALMOST, fair * NEAR.part) : -by > Math.max(FAR.connections, fair * FAR.part) - ALMOST;
  });
  return isUneven
    ? inOneRound(
        above.map((by) => Math.max(0, Math.floor(by + ALMOST))),
        kept,
      )
    : holders.map(() => 0);
}

/** 0.9999999 is 1. */
const ALMOST = 1e-6;

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
