import { isIP } from 'node:net';
import { hostname } from 'node:os';

/**
 * Whether the `Host` of a request names this machine: any IP address, `localhost`, the machine's own name or one of `others`. A web
 * page whose own name was made to resolve to this machine (DNS rebinding) sends that name, and no page can forge the header.
 */
export function isOwnHost(header: string | undefined, others: readonly string[] = [], own = hostname()): boolean {
  const name = nameOf(header ?? '');
  return isIP(name) !== 0 || [own, 'localhost', ...others].some((each) => each.toLowerCase() === name);
}

/** `::1` of `[::1]:9615`, `web` of `Web.:9615`. */
const nameOf = (header: string): string =>
  (/^\[([^\]]*)\](?::\d+)?$/.exec(header)?.[1] ?? header.replace(/:\d+$/, '')).replace(/(?<=[^.])\.$/, '').toLowerCase();
