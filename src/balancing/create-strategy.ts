import type { HandOffStrategy } from '../lifecycle/balance-strategy.ts';
import { ipHash } from './strategies/ip-hash.ts';
import { LeastConnections } from './strategies/least-connections.ts';
import { RandomOfTwo } from './strategies/random.ts';
import { RoundRobin } from './strategies/round-robin.ts';
import type { Strategy } from './strategy.ts';
import { xorshift } from './xorshift.ts';

const CREATE: Readonly<Record<HandOffStrategy, (random: () => number) => Strategy>> = {
  'round-robin': () => new RoundRobin(),
  'least-connections': () => new LeastConnections(),
  'ip-hash': () => ipHash,
  random: (random) => new RandomOfTwo(random),
};

/** @param random uniform in [0, 1), for the strategy `random`; by default the same sequence in each process */
export const createStrategy = (name: HandOffStrategy, random: () => number = xorshift()): Strategy => CREATE[name](random);
