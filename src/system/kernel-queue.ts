import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { descriptorOf } from './handle-channel.ts';

const LISTEN = '0A';
/** About one line. The kernel makes no more lines than are asked for; what follows the listening sockets may take it 50 ms to find. */
const READ_BYTES = 150;
const MOST_READS = 10_000;

/** A listening TCP socket of this process. */
export interface ListeningDescriptor {
  readonly descriptor: number;
  readonly family: 4 | 6;
}

/** How many connections wait in the kernel to be accepted from these sockets. Linux only; those of which it is not known do not count. */
export function kernelQueue(sockets: readonly ListeningDescriptor[]): number {
  const waitingAt = (family: 4 | 6, table: string): number => {
    const inodes = sockets.filter((socket) => socket.family === family).flatMap(({ descriptor }) => inodeOf(descriptor) ?? []);
    return inodes.length === 0 ? 0 : waitingFor(new Set(inodes), linesOf(table));
  };
  return waitingAt(4, '/proc/self/net/tcp') + waitingAt(6, '/proc/self/net/tcp6');
}

/** @param lines of `/proc/net/tcp`, where listening sockets come first. Reads no more of them than it needs. */
export function waitingFor(inodes: ReadonlySet<string>, lines: Iterable<string>): number {
  const left = new Set(inodes);
  let waiting = 0;
  let isHeading = true;
  for (const line of lines) {
    const [, , , state, queues = '', , , , , inode = ''] = line.trim().split(/\s+/);
    if (!isHeading && state !== LISTEN) break;
    isHeading = false;
    if (!left.delete(inode)) continue;
    waiting += Number.parseInt(queues.slice(queues.indexOf(':') + 1), 16) || 0;
    if (left.size === 0) break;
  }
  return waiting;
}

const inodeOf = (descriptor: number): string | undefined => /^socket:\[(\d+)\]$/.exec(descriptorOf('self', descriptor) ?? '')?.[1];

function* linesOf(file: string): Generator<string> {
  let descriptor: number;
  try {
    descriptor = openSync(file, 'r');
  } catch {
    return;
  }
  try {
    const buffer = Buffer.allocUnsafe(READ_BYTES);
    let rest = '';
    for (let reads = 0; reads < MOST_READS; reads++) {
      const length = readSync(descriptor, buffer, 0, READ_BYTES, null);
      if (length === 0) return;
      const lines = (rest + buffer.toString('latin1', 0, length)).split('\n');
      rest = lines.pop() ?? '';
      yield* lines;
    }
  } catch {
    // The rest is not known.
  } finally {
    closeSync(descriptor);
  }
}

/** How many connections can wait on a listening socket at most; null if it is not known. Linux only. */
export function somaxconn(): number | null {
  try {
    return Number(readFileSync('/proc/sys/net/core/somaxconn', 'latin1')) || null;
  } catch {
    return null;
  }
}
