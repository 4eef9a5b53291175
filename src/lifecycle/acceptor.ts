import type { AppSpec } from './app-spec.ts';
import { STRATEGIES } from './balance-strategy.ts';

/** Who accepts an app's connections. */
export const ACCEPTORS = ['primary', 'workers'] as const;
type Acceptor = (typeof ACCEPTORS)[number];

/** Who accepts an app's connections now, and why. */
export interface Acceptance {
  readonly by: Acceptor;
  readonly because: string;
}

export function describeAcceptance({ by, because }: Acceptance): string {
  return `${by === 'workers' ? 'by the workers themselves' : 'by the primary, which hands each to a worker'} (${because})`;
}

type ChoosingOptions = Pick<AppSpec, 'weights' | 'maxConns' | 'slowStartMs' | 'proxyProtocol'>;

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

/** Who accepts by the definition of the app; null if the load decides. */
export function definedAcceptance(spec: ChoosingOptions & Pick<AppSpec, 'kind' | 'balance'>): Acceptance | null {
  const { kind, balance } = spec;
  const { accepts } = STRATEGIES[balance];
  if (accepts !== 'either') return { by: accepts, because: `balance: ${balance}` };
  const options = choosingOptions(spec);
  if (options.length > 0) return { by: 'primary', because: options.join(', ') };
  return kind === 'cluster' ? null : { by: 'workers', because: kind === 'plain' ? 'plain workers' : 'it is a command' };
}
