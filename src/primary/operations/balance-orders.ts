import { LbError } from '../../errors/lb-error.ts';
import { weightOf, type AppSpec } from '../../lifecycle/app-spec.ts';
import { workersAccept } from '../../lifecycle/workers-accept.ts';
import type { BalanceStrategy } from '../../lifecycle/balance-strategy.ts';
import type { WeightBody } from '../../protocol/control.ts';
import type { Pool } from '../workers/pool.ts';

/** Changes the strategy from the next connection on. @throws LbError if that needs a restart. */
export function changeBalance(pool: Pool, strategy: BalanceStrategy): string {
  const { name, balance } = pool.spec;
  if (balance === strategy) return `${name} already uses ${strategy}`;
  const spec = { ...pool.spec, balance: strategy };
  needsNoRestart(pool, spec);
  pool.spec = spec;
  return `${name} now uses ${strategy} (was ${balance})`;
}

/** @throws LbError if the change is one of who accepts the connections: that is another listening socket. */
export function needsNoRestart({ spec }: Pool, next: AppSpec): void {
  const [before, after] = [spec, next].map(workersAccept);
  if (before === after) return;
  const acceptor = (isWorker: boolean | undefined): string => (isWorker === true ? 'its workers accept' : 'its primary accepts');
  throw new LbError('LB_ERR_ACCEPTOR', { app: spec.name, before: acceptor(before), after: acceptor(after) });
}

/** Changes weights from the next connection on. @throws LbError for an unknown slot, or if no slot would have a weight above 0. */
export function changeWeights(pool: Pool, changes: WeightBody['weights']): string {
  const { name, weights: before } = pool.spec;
  // Weights of slots that were scaled down are kept.
  const weights = Array.from({ length: Math.max(pool.wanted, before.length) }, (_, slot) => weightOf(before, slot));
  for (const { slot, weight } of changes) {
    if (slot >= pool.wanted) throw new LbError('LB_ERR_SLOT', { app: name, slot, last: pool.wanted - 1 });
    if (workersAccept(pool.spec) && weight !== 0 && weight !== 1)
      throw new LbError('LB_ERR_WEIGHT', { app: name, reason: 'its workers accept connections themselves, so a weight is 0 or 1' });
    weights[slot] = weight;
  }
  if (weights.slice(0, pool.wanted).every((weight) => weight === 0))
    throw new LbError('LB_ERR_WEIGHT', { app: name, reason: 'no slot would have a weight above 0' });
  pool.spec = { ...pool.spec, weights };
  return `${name}: ${changes.map(({ slot, weight }) => `slot ${slot} has weight ${weight}`).join(', ')}`;
}
