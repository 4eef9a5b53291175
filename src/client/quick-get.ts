import { statSync } from 'node:fs';
import { connect } from 'node:net';
import { LbError, errnoOf, messageOf } from '../errors/lb-error.ts';
import { CONTROL_PROTOCOL } from '../protocol/version.ts';
import type { DaemonAddress } from './address.ts';

/** After that, `reachDaemon` finds out what is wrong. */
const TIMEOUT_MS = 2_000;
export const PROTOCOL_HEADER = 'x-lb-protocol';

export interface QuickAnswer {
  readonly status: number;
  readonly body: string;
}

/**
 * A GET without `node:http`, whose client would take a quarter of the time of `lb list`. It uses HTTP/1.0, so the answer is not
 * chunked and ends with the connection. After a refusal, use `connect`, which explains the reason.
 * @throws LbError LB_ERR_DAEMON_NOT_RUNNING or LB_ERR_DAEMON_UNREACHABLE
 */
export async function quickGet(address: DaemonAddress, path: string): Promise<QuickAnswer> {
  checkSocketOwner(address);
  return await new Promise((resolve, reject) => {
    const socket = connect(address.socket);
    const chunks: Buffer[] = [];
    socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error(`no answer within ${TIMEOUT_MS / 1000} s`)));
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('error', (error) => reject(connectionError(error, address)));
    socket.on('end', () => {
      const answer = parseAnswer(Buffer.concat(chunks));
      if (answer === null) reject(unreachable(address, 'its response is incomplete'));
      else resolve(answer);
    });
    socket.write(`GET ${path} HTTP/1.0\r\nhost: lb\r\n${PROTOCOL_HEADER}: ${CONTROL_PROTOCOL}\r\n\r\n`);
  });
}

/** Null if the answer is incomplete. */
function parseAnswer(bytes: Buffer): QuickAnswer | null {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return null;
  const head = bytes.toString('latin1', 0, end);
  const status = /^HTTP\/1\.\d (\d{3})/.exec(head)?.[1];
  const length = /^content-length: *(\d+)/im.exec(head)?.[1];
  const body = bytes.subarray(end + 4);
  if (status === undefined || (length !== undefined && Number(length) !== body.length)) return null;
  return { status: Number(status), body: body.toString('utf8') };
}

/** A socket of another user, who may also put it into a home that is open to others, would receive our environment with every start. @throws LbError if it is missing or not ours */
export function checkSocketOwner(address: DaemonAddress): void {
  if (process.platform === 'win32') return;
  let uid: number;
  let mode: number;
  try {
    ({ uid } = statSync(address.socket));
    if (address.isShared === true) return;
    ({ mode } = statSync(address.home));
  } catch (error) {
    throw connectionError(error, address);
  }
  if (uid !== process.getuid?.()) throw unreachable(address, `it belongs to user ${uid}`);
  if ((mode & 0o022) !== 0) throw unreachable(address, `other users can write to ${address.home}`);
}

/** The error for a failed connection to the daemon. */
export function connectionError(error: unknown, address: DaemonAddress): LbError {
  const errno = errnoOf(error);
  if (address.isShared === true)
    return unreachable(address, sharedProblem(errno) ?? messageOf(error)).advising(
      'LB_SOCKET names this socket; the user of its daemon opens it with "lb share --group <name>"',
    );
  if (errno === 'ENOENT' || errno === 'ECONNREFUSED') return new LbError('LB_ERR_DAEMON_NOT_RUNNING', { home: address.home });
  return unreachable(address, messageOf(error));
}

function sharedProblem(errno: string | undefined): string | null {
  if (errno === 'EACCES') return 'permission denied; you are not in its group, or were not when you logged in';
  return errno === 'ENOENT' || errno === 'ECONNREFUSED' ? 'no daemon listens on it' : null;
}

export function unreachable({ socket, daemonLog }: DaemonAddress, reason: string): LbError {
  return new LbError('LB_ERR_DAEMON_UNREACHABLE', { socket, reason, log: daemonLog });
}
