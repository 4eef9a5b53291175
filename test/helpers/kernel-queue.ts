import { readFileSync } from 'node:fs';

const LISTEN = '0A';

/** Connections on a listening TCP port that its owner has not accepted yet. */
export function kernelQueue(port: number): number {
  const rows = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((file) => readFileSync(file, 'latin1').trim().split('\n').slice(1));
  let waiting = 0;
  for (const row of rows) {
    const [, local = '', , state, queues = ''] = row.trim().split(/\s+/);
    const isOurs = state === LISTEN && Number.parseInt(local.split(':')[1] ?? '', 16) === port;
    if (isOurs) waiting += Number.parseInt(queues.split(':')[1] ?? '', 16);
  }
  return waiting;
}
