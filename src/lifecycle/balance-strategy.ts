import { keysOf } from './keys-of.ts';

interface StrategyTraits {
  /** The primary picks a worker for each connection and hands it over; otherwise the workers accept on their own. */
  readonly handsOff: boolean;
  /** Keeps each client on the same slot. */
  readonly sticky: boolean;
  /** Compares open connections, which the workers then report within milliseconds. */
  readonly needsCounts: boolean;
}

/** All balancing strategies. */
export const STRATEGIES = {
  'round-robin': { handsOff: true, sticky: false, needsCounts: false },
  'least-connections': { handsOff: true, sticky: false, needsCounts: true },
  'ip-hash': { handsOff: true, sticky: true, needsCounts: false },
  random: { handsOff: true, sticky: false, needsCounts: true },
  direct: { handsOff: false, sticky: false, needsCounts: false },
} as const satisfies Readonly<Record<string, StrategyTraits>>;

export type BalanceStrategy = keyof typeof STRATEGIES;
export type HandOffStrategy = { [S in BalanceStrategy]: (typeof STRATEGIES)[S]['handsOff'] extends true ? S : never }[BalanceStrategy];

export const handsOff = (strategy: BalanceStrategy): strategy is HandOffStrategy => STRATEGIES[strategy].handsOff;

export const BALANCE_STRATEGIES = keysOf(STRATEGIES);
/** Strategies by which the primary picks a worker. */
export const HAND_OFF_STRATEGIES: readonly HandOffStrategy[] = BALANCE_STRATEGIES.filter(handsOff);
export const DEFAULT_STRATEGY = 'round-robin' satisfies HandOffStrategy;
