import { isIPv4 } from 'node:net';
import type { HostPort } from '../lifecycle/app-spec.ts';
import type { ListenQuery } from './worker.ts';

/** As a worker of Node.js would ask for it. */
export function socketQuery({ host, port }: HostPort): ListenQuery {
  const addressType = host !== null && isIPv4(host) ? 4 : 6;
  const key = `${host ?? '*'}|${port}|${addressType}|0`;
  return { key, address: host, port, addressType, backlog: null, flags: 0, readableAll: false, writableAll: false, kind: 'tcp' };
}
