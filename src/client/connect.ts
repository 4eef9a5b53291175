import { statSync } from 'node:fs';
import { LbError, errnoOf, messageOf } from '../errors/lb-error.ts';
import type { Hello } from '../protocol/control.ts';
import { PROTOCOL } from '../protocol/version.ts';
import type { DaemonAddress } from './address.ts';
import { parseHello } from './parse.ts';
import { Channel } from './request.ts';

const HELLO_TIMEOUT_MS = 5_000;

/** A daemon that answered and speaks our protocol. */
export interface Connection {
  readonly hello: Hello;
  readonly channel: Channel;
}

/**
 * Finds the daemon of a home and checks that it is ours and speaks our protocol.
 * @throws LbError LB_ERR_DAEMON_NOT_RUNNING, LB_ERR_DAEMON_UNREACHABLE or LB_ERR_PROTOCOL
 */
export async function connect(address: DaemonAddress, timeoutMs = HELLO_TIMEOUT_MS): Promise<Connection> {
  checkOwner(address);
  const channel = new Channel(address);
  try {
    // Without the protocol header, so that a daemon of any version tells which one it is.
    const hello = parseHello(await channel.json('/v1/hello', { timeoutMs, protocolHeader: false }));
    if (hello.protocol === PROTOCOL) return { hello, channel };
    throw new LbError('LB_ERR_PROTOCOL', { ours: PROTOCOL, theirs: hello.protocol, version: hello.version });
  } catch (error) {
    channel.close();
    throw error;
  }
}

/** Like `connect`, with null when no daemon runs. */
export async function connectIfRunning(address: DaemonAddress, timeoutMs?: number): Promise<Connection | null> {
  try {
    return await connect(address, timeoutMs);
  } catch (error) {
    if (error instanceof LbError && error.code === 'LB_ERR_DAEMON_NOT_RUNNING') return null;
    throw error;
  }
}

/** A socket somebody else put there would get our environment with every start. */
function checkOwner(address: DaemonAddress): void {
  if (process.platform === 'win32') return;
  const { home, socket, daemonLog: log } = address;
  try {
    const { uid } = statSync(socket);
    if (uid === process.getuid?.()) return;
    throw new LbError('LB_ERR_DAEMON_UNREACHABLE', { socket, reason: `it belongs to user ${uid}, not to you`, log });
  } catch (error) {
    if (error instanceof LbError) throw error;
    if (errnoOf(error) === 'ENOENT') throw new LbError('LB_ERR_DAEMON_NOT_RUNNING', { home });
    throw new LbError('LB_ERR_DAEMON_UNREACHABLE', { socket, reason: messageOf(error), log });
  }
}
