import type { AppSpec } from './app-spec.ts';
import { DEFAULT_STRATEGY, handsOff } from './balance-strategy.ts';

type ChoosingOptions = Pick<AppSpec, 'weights' | 'maxConns' | 'slowStartMs' | 'proxyProtocol'>;

/** What decides who accepts an app's connections. */
export type AcceptFacts = ChoosingOptions & Pick<AppSpec, 'kind' | 'balance'>;

/** The options that are set for which the primary must choose a worker for each connection. */
export function choosingOptions({ weights, maxConns, slowStartMs, proxyProtocol }: ChoosingOptions): readonly string[] {
  const set = {
    weights: weights.some((weight) => weight !== 0 && weight !== 1),
    max_conns: maxConns !== null,
    slow_start: slowStartMs > 0,
    proxy_protocol: proxyProtocol !== null,
  };
  return Object.entries(set).flatMap(([option, isSet]) => (isSet ? [option] : []));
}

/**
 * Whether the workers accept connections themselves, all from one socket; otherwise the primary chooses a worker for each and hands
 * it over. Plain workers accept themselves unless an option needs that choice.
 */
export function workersAccept(facts: AcceptFacts): boolean {
  const { kind, balance } = facts;
  if (!handsOff(balance)) return true;
  return kind === 'plain' && balance === DEFAULT_STRATEGY && choosingOptions(facts).length === 0;
}
