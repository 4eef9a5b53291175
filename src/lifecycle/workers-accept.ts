import type { AppSpec } from './app-spec.ts';
import { DEFAULT_STRATEGY, handsOff } from './balance-strategy.ts';

/** What decides who accepts an app's connections. */
export type AcceptFacts = Pick<AppSpec, 'kind' | 'balance' | 'weights' | 'maxConns' | 'slowStartMs' | 'proxyProtocol'>;

/**
 * Whether the workers accept connections themselves; otherwise the primary chooses a worker for each and hands it over. Plain
 * workers accept themselves, all from one socket, unless an option needs that choice.
 */
export function workersAccept({ kind, balance, weights, maxConns, slowStartMs, proxyProtocol }: AcceptFacts): boolean {
  if (!handsOff(balance)) return true;
  const choosesNothing = maxConns === null && slowStartMs === 0 && proxyProtocol === null && weights.every((weight) => weight === 0 || weight === 1);
  return kind === 'plain' && balance === DEFAULT_STRATEGY && choosesNothing;
}
