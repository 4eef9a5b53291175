import { keysOf } from './keys-of.ts';

interface StrategyTraits {
  /** The primary chooses a worker for each connection and hands it over; otherwise the workers accept for themselves. */
  readonly handsOff: boolean;
  /** A client always comes to the same slot. */
  readonly sticky: boolean;
  /** Compares the workers' open connections, which they then report within milliseconds. */
  readonly needsCounts: boolean;
}

/** Every way in which a connection finds its worker. */
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
/** Those that a running app can change between; to and from the others the listening sockets change hands. */
export const HAND_OFF_STRATEGIES: readonly HandOffStrategy[] = BALANCE_STRATEGIES.filter(handsOff);
export const DEFAULT_STRATEGY = 'round-robin' satisfies HandOffStrategy;
