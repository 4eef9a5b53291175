import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { descriptorOf } from './handle-channel.ts';

const LISTEN = '0A';
/** The kernel lists listening sockets first. */
const READ_BYTES = 64 * 1024;

/** How many connections wait in the kernel to be accepted from these sockets of this process. Linux only; 0 if it is not known. */
export function kernelQueue(descriptors: readonly number[]): number {
  if (descriptors.length === 0) return 0;
  const inodes = new Set(descriptors.map((descriptor) => /^socket:\[(\d+)\]$/.exec(descriptorOf('self', descriptor) ?? '')?.[1] ?? ''));
  return waitingFor(inodes, ['/proc/self/net/tcp', '/proc/self/net/tcp6'].map(beginningOf).join(''));
}

/** @param table of `/proc/net/tcp` */
export function waitingFor(inodes: ReadonlySet<string>, table: string): number {
  let waiting = 0;
  for (const line of table.split('\n')) {
    const [, , , state, queues = '', , , , , inode = ''] = line.trim().split(/\s+/);
    if (state === LISTEN && inodes.has(inode)) waiting += Number.parseInt(queues.slice(queues.indexOf(':') + 1), 16) || 0;
  }
  return waiting;
}

/** How many connections can wait on a listening socket at most; null if it is not known. Linux only. */
export function somaxconn(): number | null {
  try {
    return Number(readFileSync('/proc/sys/net/core/somaxconn', 'latin1')) || null;
  } catch {
    return null;
  }
}

function beginningOf(file: string): string {
  try {
    const descriptor = openSync(file, 'r');
    try {
      const buffer = Buffer.allocUnsafe(READ_BYTES);
      let length = 0;
      for (let read = -1; read !== 0 && length < READ_BYTES; length += read) read = readSync(descriptor, buffer, length, READ_BYTES - length, null);
      return buffer.toString('latin1', 0, length);
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return '';
  }
}
