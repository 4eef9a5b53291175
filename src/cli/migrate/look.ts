import { readdirSync, readlinkSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { openByItself } from '../../system/unfed-sockets.ts';
import { userOf } from '../../system/users.ts';
import type { Pm2App } from './pm2-list.ts';

/** What is seen of the processes of an app from outside. */
export interface Seen {
  /** Null for cluster workers: PM2 listens for them. */
  readonly listens: boolean | null;
  /** Why its sockets cannot be handed over; null if nothing is seen that speaks against it. */
  readonly obstacle: string | null;
  /** The Node.js that runs it; null if another program does. */
  readonly node: string | null;
}

export async function look({ kind, processes }: Pm2App): Promise<Seen> {
  const pids = processes.flatMap(({ pid }) => (pid === 0 ? [] : [pid]));
  const node = pids.map(nodeOf).find((path) => path !== null) ?? null;
  if (kind === 'cluster') return { listens: null, obstacle: null, node };
  const { sockets, range } = await openIn(pids);
  const tcp = sockets.filter(({ protocol }) => protocol === 'tcp');
  const others = sockets.filter(
    ({ protocol, port, connected }) => protocol === 'unix' || (protocol === 'udp' && !connected && !(port >= range[0] && port <= range[1])),
  );
  const [foreign] = sockets.filter(({ protocol, pid }) => protocol === 'tcp' && nodeOf(pid) === null);
  const obstacle =
    others[0] !== undefined ? `it has ${others[0].protocol === 'udp' ? 'a UDP socket' : 'a Unix socket'}` : foreign !== undefined ? 'it is not Node.js' : null;
  return { listens: tcp.length > 0 || others.length > 0, obstacle, node };
}

async function openIn(pids: readonly number[]): Promise<{ sockets: Awaited<ReturnType<typeof openByItself>>['sockets']; range: readonly [number, number] }> {
  const open = await Promise.all(pids.map(openByItself));
  return { sockets: open.flatMap(({ sockets }) => sockets), range: open[0]?.ephemeralPorts ?? [0, 0] };
}

/** The binary of a process of Node.js. */
function nodeOf(pid: number): string | null {
  try {
    const path = readlinkSync(`/proc/${pid}/exe`).replace(/ \(deleted\)$/, '');
    return /^node(?:js)?$/.test(basename(path)) ? path : null;
  } catch {
    return null;
  }
}

/** The users, beside this one and root, of whom processes run on this machine: they could reach an inspector while it is open. */
export function otherUsers(): string[] {
  const uids = new Set(readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? ownerOf(name) : [])));
  for (const uid of [0, process.getuid?.() ?? 0]) uids.delete(uid);
  return [...uids].sort((a, b) => a - b).map((uid) => userOf(uid)?.name ?? String(uid));
}

function ownerOf(pid: string): number[] {
  try {
    return [statSync(`/proc/${pid}`).uid];
  } catch {
    return [];
  }
}
