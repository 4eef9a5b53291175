import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { constants } from 'node:os';

/** States of a TCP socket in `/proc/net/tcp`. */
const ESTABLISHED = '01';
const LISTEN = '0A';
/** 127.0.0.1 and 0.0.0.0, as in that file on little-endian machines. */
const LOOPBACK = new Set(['0100007F', '00000000']);

interface TcpSocket {
  /** Hexadecimal. */
  readonly address: string;
  readonly port: number;
  readonly state: string;
  readonly inode: string;
}

/** Whether a debugger is connected to the inspector port of a process; false without `/proc`. */
export function inspectorAttached(pid: number, port: number): boolean {
  return ['tcp', 'tcp6'].some((table) => tcpSockets(pid, table).some((socket) => socket.port === port && socket.state === ESTABLISHED));
}

/** Listening sockets that 127.0.0.1 reaches in the network namespace of the process: port by inode. */
export function listeningPorts(pid: number): Map<string, number> {
  const listening = tcpSockets(pid, 'tcp').filter(({ address, state }) => state === LISTEN && LOOPBACK.has(address));
  return new Map(listening.map(({ inode, port }) => [inode, port]));
}

/** Whether a process has a socket open. */
export function ownsSocket(pid: number, inode: string): boolean {
  const wanted = `socket:[${inode}]`;
  try {
    return readdirSync(`/proc/${pid}/fd`).some((fd) => linkOf(`/proc/${pid}/fd/${fd}`) === wanted);
  } catch {
    return false;
  }
}

/** Whether a process handles a signal. */
export function handlesSignal(pid: number, signal: NodeJS.Signals): boolean {
  const [, caught] = /^SigCgt:\s*([0-9a-f]+)$/m.exec(read(`/proc/${pid}/status`)) ?? [];
  return caught !== undefined && ((BigInt(`0x${caught}`) >> BigInt(constants.signals[signal] - 1)) & 1n) === 1n;
}

function tcpSockets(pid: number, table: string): TcpSocket[] {
  const sockets: TcpSocket[] = [];
  for (const line of read(`/proc/${pid}/net/${table}`).split('\n').slice(1)) {
    const [, local, , state, , , , , , inode] = line.trim().split(/\s+/);
    const [address, port] = local?.split(':') ?? [];
    if (address === undefined || port === undefined || state === undefined || inode === undefined) continue;
    sockets.push({ address, port: Number.parseInt(port, 16), state, inode });
  }
  return sockets;
}

/** Empty if the descriptor has been closed since it was listed. */
function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
