import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';

/** Who has a socket open. */
export interface SocketHolders {
  /** Processes that this user may look into. */
  readonly pids: readonly number[];
  /** The user who opened it; null if unknown. */
  readonly uid: number | null;
}

/** A socket in a table of the kernel. */
interface FoundSocket {
  readonly inode: string;
  readonly uid: number | null;
}

/** `TCP_LISTEN` and `TCP_ESTABLISHED` in `/proc/net/tcp`, and the flag of a listening socket in `/proc/net/unix`. */
const LISTEN = '0A';
const ESTABLISHED = '01';
const ACCEPTS = 0x10000;
/** Processes that are looked at in one turn of the event loop. */
const PER_TURN = 25;

/** Who listens on a port, else who has an outgoing connection from it; null if nobody does, or the system has no `/proc`. */
export function holdersOfPort(port: number, address: string | null): Promise<SocketHolders | null> {
  const tables = [tableOf('tcp'), tableOf('tcp6')];
  const found = (state: string): FoundSocket[] => tables.flatMap((table) => tcpSockets(table, port, address, state));
  const listening = found(LISTEN);
  return holdersOf(listening.length > 0 ? listening : found(ESTABLISHED));
}

/** Who listens on a Unix socket. */
export function holdersOfPath(path: string): Promise<SocketHolders | null> {
  return holdersOf(unixListening(tableOf('unix'), path));
}

/** The sockets with this local port, from the text of `/proc/net/tcp` or `tcp6`. An IPv4 address excludes other ones. @param wantedState as the table has it */
export function tcpSockets(table: string, port: number, address: string | null, wantedState: string = LISTEN): FoundSocket[] {
  const wanted = address === null || !/^[\d.]+$/.test(address) || address === '0.0.0.0' ? null : hexOf(address);
  return table.split('\n').flatMap((line) => {
    const [, local = '', , state, , , , uid, , inode] = line.trim().split(/\s+/);
    const [host = '', hexPort = ''] = local.split(':');
    if (state !== wantedState || inode === undefined || Number.parseInt(hexPort, 16) !== port) return [];
    const isOther = wanted !== null && host.length === wanted.length && host !== wanted && host !== '00000000';
    return isOther ? [] : [{ inode, uid: Number(uid) }];
  });
}

/** `127.0.0.1` as the kernel prints it on a little-endian machine: `0100007F`. */
const hexOf = (address: string): string =>
  address
    .split('.')
    .toReversed()
    .map((byte) => Number(byte).toString(16).padStart(2, '0'))
    .join('')
    .toUpperCase();

/** The same for `/proc/net/unix`, which does not tell the user. */
export function unixListening(table: string, path: string): FoundSocket[] {
  return table.split('\n').flatMap((line) => {
    const [, , , flags = '', , , inode, ...rest] = line.trim().split(' ').filter(Boolean);
    const isListening = (Number.parseInt(flags, 16) & ACCEPTS) !== 0;
    return isListening && inode !== undefined && rest.join(' ') === path ? [{ inode, uid: null }] : [];
  });
}

async function holdersOf(sockets: readonly FoundSocket[]): Promise<SocketHolders | null> {
  const [first] = sockets;
  if (first === undefined) return null;
  const links = new Set(sockets.map(({ inode }) => `socket:[${inode}]`));
  const pids: number[] = [];
  for (const [index, pid] of processIds().entries()) {
    if (index % PER_TURN === PER_TURN - 1) await setImmediate();
    if (descriptorsOf(pid).some((link) => links.has(link))) pids.push(pid);
  }
  return { pids, uid: first.uid };
}

function tableOf(name: string): string {
  try {
    return readFileSync(`/proc/net/${name}`, 'latin1');
  } catch {
    return '';
  }
}

const processIds = (): number[] => namesIn('/proc').flatMap((name) => (/^\d+$/.test(name) ? [Number(name)] : []));

function descriptorsOf(pid: number): string[] {
  const directory = `/proc/${pid}/fd`;
  return namesIn(directory).flatMap((name) => {
    try {
      return [readlinkSync(`${directory}/${name}`)];
    } catch {
      return [];
    }
  });
}

/** Nothing for a directory of another user's process. */
function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
