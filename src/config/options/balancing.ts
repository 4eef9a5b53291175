import { MAX_WEIGHT } from '../../lifecycle/app-spec.ts';
import { BALANCE_STRATEGIES, DEFAULT_STRATEGY, type BalanceStrategy } from '../../lifecycle/balance-strategy.ts';
import { cidrList } from '../cidr-kind.ts';
import * as kinds from '../kinds.ts';
import { option, withDefault } from './option.ts';

/** Which worker a connection goes to. */
export const BALANCING_OPTIONS = {
  balance: withDefault<BalanceStrategy>({
    group: 'Balancing',
    kind: kinds.oneOf(BALANCE_STRATEGIES),
    flags: ['-b, --balance <strategy>'],
    default: DEFAULT_STRATEGY,
    doc: `how a worker is chosen for a connection: ${BALANCE_STRATEGIES.join(', ')}`,
    notes: 'See docs/balancing.md. `lb balance <app> <strategy>` changes it without a restart; to and from `direct` it takes `lb restart`.',
  }),
  weights: withDefault({
    group: 'Balancing',
    kind: kinds.numberSequence(0, MAX_WEIGHT),
    flags: ['--weights <list>'],
    default: [],
    doc: 'share of each slot, in the order of the slots, such as `[2, 1, 1]`; slots that are not named have 1',
    notes: '0 gives the slot no new connections. `lb weight <app> <slot>=<w>` changes it without a restart. With `direct` only 0 and 1.',
  }),
  backup: withDefault({
    group: 'Balancing',
    kind: kinds.integerList(0, 1023),
    flags: ['--backup <slots>'],
    default: [],
    doc: 'slots that get connections only while no other can take any, such as `[3]`',
  }),
  max_conns: withDefault({
    group: 'Balancing',
    kind: kinds.orOff(kinds.integer(1, 1_000_000)),
    flags: ['--max-conns <n>'],
    default: null,
    doc: 'open connections that a worker may have',
    notes: 'When every worker has as many, new connections wait in the primary (`max_queue`). Not with `direct`.',
  }),
  max_queue: withDefault({
    group: 'Balancing',
    kind: kinds.integer(1, 100_000),
    flags: ['--max-queue <n>'],
    default: 8_192,
    doc: 'connections of one listener that wait in the primary for a worker',
    notes:
      'Beyond it nothing is refused: the primary stops accepting, and connections wait in the backlog of the kernel until half of those that wait are served. The queue of a Unix socket is not bounded.',
  }),
  slow_start: withDefault({
    group: 'Balancing',
    kind: kinds.durationMs,
    flags: ['--slow-start <time>'],
    default: 0,
    doc: 'time in which the share of a replaced or readmitted worker grows from a tenth to its weight',
    notes: 'Never at the first start of the app. Without effect under `ip-hash`, where it would move clients twice. Not with `direct`.',
  }),
  ip_hash_prefix_v4: withDefault({
    group: 'Balancing',
    kind: kinds.integer(1, 32),
    flags: ['--ip-hash-prefix-v4 <bits>'],
    default: 32,
    doc: 'bits of an IPv4 address that `ip-hash` looks at',
    notes: '24 keeps clients together that leave a company through changing addresses.',
  }),
  ip_hash_prefix_v6: withDefault({
    group: 'Balancing',
    kind: kinds.integer(1, 128),
    flags: ['--ip-hash-prefix-v6 <bits>'],
    default: 64,
    doc: 'bits of an IPv6 address that `ip-hash` looks at',
    notes: 'The last 64 bits of most clients change by themselves within hours (RFC 8981).',
  }),
  proxy_protocol: option({
    group: 'Balancing',
    kind: kinds.switchOrPorts,
    flags: ['--proxy-protocol'],
    defaultText: '`false`',
    doc: 'expect the PROXY protocol, version 1 or 2, at the beginning of each connection',
    notes:
      '`true` for every port of the app, a number or an array for these ports. The app sees the address of the client, and `ip-hash` uses it. A connection without a valid header is closed within 5 s and counted. Not with `direct`.',
  }),
  proxy_protocol_from: option({
    group: 'Balancing',
    kind: cidrList,
    flags: ['--proxy-protocol-from <list>'],
    defaultText: 'everybody',
    doc: 'addresses and CIDR blocks that may connect to a port with `proxy_protocol`, such as `10.0.0.0/8`',
    notes: 'Everybody else could name any address as the client: other connections are closed at once and counted.',
  }),
};
