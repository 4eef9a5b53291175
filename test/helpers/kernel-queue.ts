import { readFileSync } from 'node:fs';

const LISTEN = '0A';

/** Connections that wait in the kernel to be accepted on a TCP port (Linux). */
export function kernelQueue(port: number): number {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  let waiting = 0;
  for (const file of ['/proc/net/tcp', '/proc/net/tcp6']) {
    for (const line of readFileSync(file, 'utf8').split('\n').slice(1)) {
      const [, local = '', , state, queues = ''] = line.trim().split(/\s+/);
      if (state === LISTEN && local.endsWith(suffix)) waiting += Number.parseInt(queues.split(':')[1] ?? '0', 16);
    }
  }
  return waiting;
}
