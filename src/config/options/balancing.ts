import { MAX_WEIGHT } from '../../lifecycle/app-spec.ts';
import { BALANCE_STRATEGIES, DEFAULT_HAND_OFF_SHARE, DEFAULT_STRATEGY, type BalanceStrategy } from '../../lifecycle/balance-strategy.ts';
import { cidrList } from '../cidr-kind.ts';
import * as kinds from '../kinds.ts';
import { option, withDefault } from './option.ts';

/** How connections are distributed to workers. */
export const BALANCING_OPTIONS = {
  balance: withDefault<BalanceStrategy>({
    group: 'Balancing',
    kind: kinds.oneOf(BALANCE_STRATEGIES),
    flags: ['-b, --balance <strategy>'],
    default: DEFAULT_STRATEGY,
    doc: `how a worker is chosen for each connection: ${BALANCE_STRATEGIES.join(', ')}`,
    notes: 'See docs/balancing.md. `lb balance <app> <strategy>` changes it without a restart.',
  }),
  hand_off_share: withDefault({
    group: 'Balancing',
    kind: kinds.share(0, 1),
    flags: ['--hand-off-share <share>'],
    default: DEFAULT_HAND_OFF_SHARE,
    doc: 'with `balance: "auto"`, the share of a core that the primary may spend before the workers accept connections themselves',
    notes: 'See [balancing.md](balancing.md#auto).',
  }),
  weights: withDefault({
    group: 'Balancing',
    kind: kinds.numberSequence(0, MAX_WEIGHT),
    flags: ['--weights <list>'],
    default: [],
    doc: 'weight of each slot, in the order of the slots, such as `[2, 1, 1]`; further slots have 1',
    notes: '0 gives the slot no new connections. `lb weight <app> <slot>=<w>` changes it without a restart. With `direct`, only 0 and 1 are possible.',
  }),
  backup: withDefault({
    group: 'Balancing',
    kind: kinds.integerList(0, 1023),
    flags: ['--backup <slots>'],
    default: [],
    doc: 'slots that get connections only while no other slot can take any, such as `[3]`',
  }),
  max_conns: withDefault({
    group: 'Balancing',
    kind: kinds.orOff(kinds.integer(1, 1_000_000)),
    flags: ['--max-conns <n>'],
    default: null,
    doc: 'maximum number of open connections per worker',
    notes:
      'When every worker has reached it, new connections wait: most of them in the kernel, see [balancing.md](balancing.md#when-workers-are-full). Not available with `direct`.',
  }),
  max_queue: withDefault({
    group: 'Balancing',
    kind: kinds.integer(1, 100_000),
    flags: ['--max-queue <n>'],
    default: 8_192,
    doc: 'maximum number of connections per listener that wait in the primary for a worker',
    notes:
      'It bounds what must be accepted before a worker can be chosen: with `ip-hash` and the PROXY protocol. Otherwise connections wait in the kernel, and only a handful in the primary. Beyond it nothing is refused: the primary stops accepting, and further connections wait in the kernel until half of the queue has been served. The queue of a Unix socket has no limit.',
  }),
  slow_start: withDefault({
    group: 'Balancing',
    kind: kinds.durationMs,
    flags: ['--slow-start <time>'],
    default: 0,
    doc: 'time in which the share of a replaced or readmitted worker grows from a tenth to its full weight',
    notes: 'Does not apply at the first start of the app. Has no effect with `ip-hash`, where it would move clients twice. Not available with `direct`.',
  }),
  ip_hash_prefix_v4: withDefault({
    group: 'Balancing',
    kind: kinds.integer(1, 32),
    flags: ['--ip-hash-prefix-v4 <bits>'],
    default: 32,
    doc: 'bits of an IPv4 address that `ip-hash` uses',
    notes: '24 keeps clients on one worker that share a network but change addresses, such as those behind a company gateway.',
  }),
  ip_hash_prefix_v6: withDefault({
    group: 'Balancing',
    kind: kinds.integer(1, 128),
    flags: ['--ip-hash-prefix-v6 <bits>'],
    default: 64,
    doc: 'bits of an IPv6 address that `ip-hash` uses',
    notes: 'Most clients change the last 64 bits of their address every few hours (RFC 8981).',
  }),
  proxy_protocol: option({
    group: 'Balancing',
    kind: kinds.switchOrPorts,
    flags: ['--proxy-protocol'],
    defaultText: '`false`',
    doc: 'expect the PROXY protocol, version 1 or 2, at the beginning of each connection',
    notes:
      '`true` applies to every port of the app, a number or an array to these ports. The app sees the address of the client, and `ip-hash` uses it. A connection without a valid header is closed within 5 s and counted. Not available with `direct`.',
  }),
  proxy_protocol_from: option({
    group: 'Balancing',
    kind: cidrList,
    flags: ['--proxy-protocol-from <list>'],
    defaultText: 'any address',
    doc: 'addresses and CIDR blocks that may connect to a port with `proxy_protocol`, such as `10.0.0.0/8`',
    notes: 'Anyone who can connect can claim any client address, so restrict this. Other connections are closed at once and counted.',
  }),
};
