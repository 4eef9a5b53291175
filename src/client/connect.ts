import { LbError } from '../errors/lb-error.ts';
import type { DaemonHello } from '../protocol/control.ts';
import { CONTROL_PROTOCOL, isNextTo } from '../protocol/version.ts';
import type { DaemonAddress } from './address.ts';
import { parseHello, parseVersion } from './parse.ts';
import { checkSocketOwner } from './quick-get.ts';
import { Channel } from './request.ts';

const HELLO_TIMEOUT_MS = 5_000;

/** A connection to a daemon that speaks our protocol, or the one before or after it. */
export interface Connection {
  readonly hello: DaemonHello;
  readonly channel: Channel;
}

/**
 * Connects to the daemon of a home, and checks its owner and protocol.
 * @throws LbError LB_ERR_DAEMON_NOT_RUNNING, LB_ERR_DAEMON_UNREACHABLE or LB_ERR_PROTOCOL
 */
export async function connect(address: DaemonAddress, timeoutMs = HELLO_TIMEOUT_MS): Promise<Connection> {
  checkSocketOwner(address);
  const channel = new Channel(address);
  try {
    // Without the protocol header, daemons of all versions answer.
    const answer = await channel.json('/v1/hello', { timeoutMs, protocolHeader: false });
    const { protocol, version } = parseVersion(answer);
    // The daemon knows what it can answer one version apart.
    if (isNextTo(CONTROL_PROTOCOL, protocol)) return { hello: parseHello(answer), channel };
    throw new LbError('LB_ERR_PROTOCOL', { ours: CONTROL_PROTOCOL, theirs: protocol, version });
  } catch (error) {
    channel.close();
    throw error;
  }
}

/** Like `connect`; null if no daemon is running. */
export async function connectIfRunning(address: DaemonAddress, timeoutMs?: number): Promise<Connection | null> {
  try {
    return await connect(address, timeoutMs);
  } catch (error) {
    if (error instanceof LbError && error.code === 'LB_ERR_DAEMON_NOT_RUNNING') return null;
    throw error;
  }
}
