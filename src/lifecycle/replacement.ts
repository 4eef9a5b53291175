import type { AppSpec } from './app-spec.ts';
import { namesProcess } from './fixed-listener.ts';

export const REPLACEMENT_WAYS = ['start-first', 'stop-first'] as const;
type ReplacementWay = (typeof REPLACEMENT_WAYS)[number];

/** How the workers of an app are replaced. */
export interface Replacement {
  readonly way: ReplacementWay;
  /** A clause for after "because": `it never listened`. */
  readonly reason: string;
}

/** What was seen of an app in all its lives. */
export interface Footprint {
  /** A worker of it listened on a socket that `lb` holds. */
  readonly listened: boolean;
  /** Sockets that its processes opened by themselves, so that two of them cannot have them: `udp *:5353`. */
  readonly ownSockets: readonly string[];
}

export const NO_FOOTPRINT: Footprint = { listened: false, ownSockets: [] };

export const isSameFootprint = (a: Footprint, b: Footprint): boolean => a.listened === b.listened && a.ownSockets.join('\n') === b.ownSockets.join('\n');

/**
 * Whether the new worker may start before the old one has ended. It must not if both need a socket that only one can have, or if
 * nothing shows that two copies may run: a bot, a queue consumer or a loop of jobs would do its work twice.
 */
export function replacementOf({ overlap, kind }: Pick<AppSpec, 'overlap' | 'kind'>, { listened, ownSockets }: Footprint): Replacement {
  if (overlap !== null) return { way: overlap ? 'start-first' : 'stop-first', reason: `overlap is ${overlap}` };
  const [first, ...more] = ownSockets;
  if (first !== undefined) return { way: 'stop-first', reason: `it opened ${first}${more.length === 0 ? '' : ` and ${more.length} more`} by itself` };
  if (kind === 'command' && !listened) return { way: 'stop-first', reason: 'it is a command' };
  if (kind === 'plain' && !listened) return { way: 'stop-first', reason: 'it never listened' };
  return { way: 'start-first', reason: listened ? 'lb holds its listening sockets' : 'it is a cluster app' };
}

/** `stop-first, because it never listened`. */
export const describeReplacement = ({ way, reason }: Replacement): string => `${way}, because ${reason}`;

/** What to add to the message of a start. Start-first is the rule, and goes without saying. */
export function announceReplacement(replacement: Replacement, { overlap }: Pick<AppSpec, 'overlap'>): string {
  if (replacement.way === 'start-first') return '';
  const hint = overlap === null ? ' (overlap: true runs old and new side by side)' : '';
  return `; it is replaced ${describeReplacement(replacement)}${hint}`;
}

/** A socket that a process of the app has open and `lb` does not. */
export interface UnfedSocket {
  /** `tcp` and `unix` listen; `udp` is bound. */
  readonly protocol: 'tcp' | 'udp' | 'unix';
  /** Of a Unix socket, its path. */
  readonly address: string;
  /** 0 for a Unix socket. */
  readonly port: number;
  /** UDP that receives from one peer only. */
  readonly connected: boolean;
  /** The process that has it open. */
  readonly pid: number;
}

export interface SocketSurroundings {
  /** The ports that the kernel chooses from, first and last. */
  readonly ephemeralPorts: readonly [first: number, last: number];
  /** The ports that the definition names: the kernel did not choose them. */
  readonly namedPorts: readonly number[];
  /** Ports of inspectors. An app goes on without its inspector if the port is taken. */
  readonly inspectorPorts: readonly number[];
}

/** Where Node.js opens its inspector if it is not told otherwise. */
export const DEFAULT_INSPECTOR_PORT = 9_229;

/**
 * Those that two copies of the app cannot both have: all but inspectors, sockets that belong to one process (a path with its pid in
 * it), and those whose port the kernel chose (DNS and statsd clients, `listen(0)`).
 */
export function ownSockets(sockets: readonly UnfedSocket[], { ephemeralPorts: [first, last], namedPorts, inspectorPorts }: SocketSurroundings): string[] {
  const isOwn = ({ protocol, address, port, connected, pid }: UnfedSocket): boolean => {
    if (protocol === 'unix') return address !== '' && !namesProcess(address, pid);
    if (connected || (port >= first && port <= last && !namedPorts.includes(port))) return false;
    return protocol === 'udp' || (port !== DEFAULT_INSPECTOR_PORT && !inspectorPorts.includes(port));
  };
  return [...new Set(sockets.filter(isOwn).map(labelOf))].sort();
}

function labelOf({ protocol, address, port }: UnfedSocket): string {
  if (protocol === 'unix') return `unix ${address}`;
  const host = address === '0.0.0.0' || address === '::' ? '*' : address.includes(':') ? `[${address}]` : address;
  return `${protocol} ${host}:${port}`;
}
