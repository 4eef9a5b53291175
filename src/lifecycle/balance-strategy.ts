import { keysOf } from './keys-of.ts';

interface StrategyTraits {
  /**
   * Who accepts connections: the primary, which picks a worker for each and hands it over; the workers themselves, all from one
   * socket; or either, as the load calls for.
   */
  readonly accepts: 'primary' | 'workers' | 'either';
  /** Keeps each client on the same slot. */
  readonly sticky: boolean;
  /** Compares open connections, which the workers then report within milliseconds. */
  readonly needsCounts: boolean;
}

/** All balancing strategies. */
export const STRATEGIES = {
  auto: { accepts: 'either', sticky: false, needsCounts: false },
  'round-robin': { accepts: 'primary', sticky: false, needsCounts: false },
  'least-connections': { accepts: 'primary', sticky: false, needsCounts: true },
  'ip-hash': { accepts: 'primary', sticky: true, needsCounts: false },
  random: { accepts: 'primary', sticky: false, needsCounts: true },
  direct: { accepts: 'workers', sticky: false, needsCounts: false },
} as const satisfies Readonly<Record<string, StrategyTraits>>;

export type BalanceStrategy = keyof typeof STRATEGIES;
/** Strategies by which the primary always picks the worker. */
export type HandOffStrategy = { [S in BalanceStrategy]: (typeof STRATEGIES)[S]['accepts'] extends 'primary' ? S : never }[BalanceStrategy];

const isHandOff = (strategy: BalanceStrategy): strategy is HandOffStrategy => STRATEGIES[strategy].accepts === 'primary';

export const BALANCE_STRATEGIES = keysOf(STRATEGIES);
export const HAND_OFF_STRATEGIES: readonly HandOffStrategy[] = BALANCE_STRATEGIES.filter(isHandOff);
/** Of a core, for handing connections over, before the workers accept for themselves. */
export const DEFAULT_HAND_OFF_SHARE = 0.2;
export const DEFAULT_STRATEGY = 'auto' satisfies BalanceStrategy;

/** How the primary picks a worker while it accepts, if the strategy leaves it open. */
export const PLAIN_HAND_OFF = 'round-robin' satisfies HandOffStrategy;

/** How the primary picks a worker for a connection that it accepts. */
export const handOffOf = (strategy: BalanceStrategy): HandOffStrategy => (isHandOff(strategy) ? strategy : PLAIN_HAND_OFF);
