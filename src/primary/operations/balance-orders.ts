import { LbError } from '../../errors/lb-error.ts';
import { weightOf } from '../../lifecycle/app-spec.ts';
import { choosingOptions } from '../../lifecycle/acceptor.ts';
import { STRATEGIES, type BalanceStrategy } from '../../lifecycle/balance-strategy.ts';
import type { WeightBody } from '../../protocol/control.ts';
import type { Pool } from '../workers/pool.ts';

/** Changes the strategy from the next connection on. @throws LbError if an option of the app forbids it. */
export function changeBalance(pool: Pool, strategy: BalanceStrategy): string {
  const { name, balance } = pool.spec;
  if (balance === strategy) return `${name} already uses ${strategy}`;
  const options = STRATEGIES[strategy].accepts === 'workers' ? choosingOptions(pool.spec) : [];
  if (options.length > 0) throw new LbError('LB_ERR_BALANCE', { app: name, strategy, options: options.join(', ') });
  pool.spec = { ...pool.spec, balance: strategy };
  return `${name} now uses ${strategy} (was ${balance})`;
}

/** Changes weights from the next connection on. @throws LbError for an unknown slot, or if no slot would have a weight above 0. */
export function changeWeights(pool: Pool, changes: WeightBody['weights']): string {
  const { name, weights: before } = pool.spec;
  // Weights of slots that were scaled down are kept.
  const weights = Array.from({ length: Math.max(pool.wanted, before.length) }, (_, slot) => weightOf(before, slot));
  for (const { slot, weight } of changes) {
    if (slot >= pool.wanted) throw new LbError('LB_ERR_SLOT', { app: name, slot, last: pool.wanted - 1 });
    if (STRATEGIES[pool.spec.balance].accepts === 'workers' && weight !== 0 && weight !== 1)
      throw new LbError('LB_ERR_WEIGHT', { app: name, reason: `with ${pool.spec.balance} the workers accept connections themselves, so a weight is 0 or 1` });
    weights[slot] = weight;
  }
  if (weights.slice(0, pool.wanted).every((weight) => weight === 0))
    throw new LbError('LB_ERR_WEIGHT', { app: name, reason: 'no slot would have a weight above 0' });
  pool.spec = { ...pool.spec, weights };
  return `${name}: ${changes.map(({ slot, weight }) => `slot ${slot} has weight ${weight}`).join(', ')}`;
}
