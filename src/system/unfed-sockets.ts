import { closeSync, openSync, readFileSync, readlinkSync, readSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import { startVariableOf } from './process-text.ts';
import { commandOf, descendantsOf, sessionOf } from './processes.ts';

/** See `UnfedSocket` in `lifecycle/replacement`. */
interface UnfedSocket {
  readonly protocol: 'tcp' | 'udp' | 'unix';
  readonly address: string;
  readonly port: number;
  readonly connected: boolean;
  readonly pid: number;
}

/** What a process tree has open by itself. */
export interface OpenByItself {
  readonly sockets: readonly UnfedSocket[];
  readonly ephemeralPorts: readonly [first: number, last: number];
  /** Ports that its command lines and NODE_OPTIONS give their inspectors. */
  readonly inspectorPorts: readonly number[];
}

/** States of sockets in `/proc/net`. */
const TCP_LISTEN = '0A';
const UDP_CONNECTED = '01';
const UNIX_ACCEPTS = 0x10000;
const DEFAULT_EPHEMERAL: readonly [number, number] = [32_768, 60_999];
const CHUNK_BYTES = 16_384;
/** Descriptors that are looked at in one turn of the event loop. */
const PER_TURN = 200;

/**
 * The sockets on which a process and its descendants listen, or to which they bound UDP, without those that this process has open
 * too: it lends them. Descendants in a session of their own (daemons) outlive the process, and do not count. Nothing without `/proc`.
 */
export async function openByItself(pid: number): Promise<OpenByItself> {
  const session = sessionOf(pid);
  const tree = [pid, ...descendantsOf(pid).map((each) => each.pid)].filter((each) => sessionOf(each) === session);
  const lent = await inodesOf(process.pid);
  const holders = new Map<string, number>();
  for (const each of tree) for (const inode of await inodesOf(each)) if (!lent.has(inode)) holders.set(inode, each);
  const tables = holders.size === 0 ? [] : socketTables(pid);
  const sockets = tables.flatMap(({ inode, ...socket }) => {
    const holder = holders.get(inode);
    return holder === undefined ? [] : [{ ...socket, pid: holder }];
  });
  return { sockets, ephemeralPorts: ephemeralPorts(), inspectorPorts: tree.flatMap(inspectorPortsOf) };
}

type TableEntry = Omit<UnfedSocket, 'pid'> & { readonly inode: string };

function socketTables(pid: number): TableEntry[] {
  const tcp = (['tcp', 'tcp6'] as const).flatMap((table) => boundSockets(readListening(`/proc/${pid}/net/${table}`), table));
  const udp = (['udp', 'udp6'] as const).flatMap((table) => boundSockets(read(`/proc/${pid}/net/${table}`), table));
  return [...tcp, ...udp, ...listeningUnixSockets(read(`/proc/${pid}/net/unix`))];
}

/** The listening TCP or bound UDP sockets in the text of one of these tables. */
export function boundSockets(text: string, table: 'tcp' | 'tcp6' | 'udp' | 'udp6'): TableEntry[] {
  const protocol = table.startsWith('tcp') ? 'tcp' : 'udp';
  return text.split('\n').flatMap((line) => {
    const [, local = '', , state, , , , , , inode] = line.trim().split(/\s+/);
    const [host = '', hexPort = ''] = local.split(':');
    const port = Number.parseInt(hexPort, 16);
    if (inode === undefined || !(port > 0) || (protocol === 'tcp' && state !== TCP_LISTEN)) return [];
    return [{ protocol, address: addressOf(host), port, connected: state === UDP_CONNECTED, inode }];
  });
}

/** The listening sockets in the text of `/proc/net/unix`. */
export function listeningUnixSockets(text: string): TableEntry[] {
  return text.split('\n').flatMap((line) => {
    const [, , , flags = '', , , inode, ...path] = line.trim().split(' ').filter(Boolean);
    if (inode === undefined || (Number.parseInt(flags, 16) & UNIX_ACCEPTS) === 0) return [];
    return [{ protocol: 'unix' as const, address: path.join(' '), port: 0, connected: false, inode }];
  });
}

/** `0100007F` is 127.0.0.1 on a little-endian machine. IPv6 comes as four such words; only the usual ones are worth their name. */
function addressOf(hex: string): string {
  if (hex.length === 8) return bytesOf(hex).join('.');
  if (/^0+$/.test(hex)) return '::';
  const bytes = (hex.match(/.{8}/g) ?? []).flatMap(bytesOf);
  if (bytes.slice(0, 15).every((byte) => byte === 0)) return `::${bytes[15]}`;
  const words = Array.from({ length: 8 }, (_, at) => ((bytes[2 * at] ?? 0) * 256 + (bytes[2 * at + 1] ?? 0)).toString(16));
  return words.join(':');
}

const bytesOf = (word: string): number[] => (word.match(/../g) ?? []).map((byte) => Number.parseInt(byte, 16)).toReversed();

/** The ports that the kernel chooses from for sockets bound to port 0. */
function ephemeralPorts(): readonly [number, number] {
  const [first, last] = read('/proc/sys/net/ipv4/ip_local_port_range').trim().split(/\s+/).map(Number);
  return first === undefined || last === undefined || !(first > 0) ? DEFAULT_EPHEMERAL : [first, last];
}

const inspectorPortsOf = (pid: number): number[] => inspectorPorts([...commandOf(pid), ...(startVariableOf(pid, 'NODE_OPTIONS') ?? '').split(/\s+/)]);

/** `--inspect-brk=0.0.0.0:9230`, `--inspect-port=9300`. */
export function inspectorPorts(words: readonly string[]): number[] {
  return words.flatMap((word) => {
    const match = /^--(?:inspect(?:-brk|-wait|-port)?|debug-port)(?:=(.*))?$/.exec(word);
    const port = Number(match?.[1]?.split(':').at(-1));
    return Number.isInteger(port) ? [port] : [];
  });
}

/** The inodes of the sockets that a process has open; none if it is gone or belongs to another user. */
async function inodesOf(pid: number): Promise<Set<string>> {
  const directory = `/proc/${pid}/fd`;
  const inodes = new Set<string>();
  const names = await readdir(directory).catch(() => []);
  for (const [index, name] of names.entries()) {
    if (index % PER_TURN === PER_TURN - 1) await setImmediate();
    const [, inode] = /^socket:\[(\d+)\]$/.exec(linkOf(`${directory}/${name}`)) ?? [];
    if (inode !== undefined) inodes.add(inode);
  }
  return inodes;
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

/** The beginning of a table of TCP sockets: those that listen come first, before the connections, which may be many thousands. */
export function readListening(path: string): string {
  let text = '';
  let file: number | null = null;
  try {
    file = openSync(path, 'r');
    const chunk = Buffer.alloc(CHUNK_BYTES);
    for (let length = -1; length !== 0 && !hasConnections(text); text += chunk.toString('latin1', 0, length)) length = readSync(file, chunk);
  } catch {
    return text;
  } finally {
    if (file !== null) closeSync(file);
  }
  return text;
}

/** Whether the last complete line is of a connection. */
function hasConnections(text: string): boolean {
  const line = text.slice(0, text.lastIndexOf('\n')).split('\n').at(-1) ?? '';
  const [number = '', , , state] = line.trim().split(/\s+/);
  return number.endsWith(':') && state !== TCP_LISTEN;
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
