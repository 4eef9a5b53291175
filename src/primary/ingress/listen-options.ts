import { DEFAULT_BACKLOG, LONGEST_BACKLOG, type ListenQuery } from '../../protocol/worker.ts';

/**
 * What waits for a worker waits in the kernel, so its queue is as long as the kernel allows (`net.core.somaxconn`), whatever the
 * app asks for. That of a Unix socket is the app's.
 */
export const backlogOf = ({ addressType, backlog }: ListenQuery): number => (addressType === -1 ? backlog || DEFAULT_BACKLOG : LONGEST_BACKLOG);

/** What `server.listen` is given. */
export function listenOptions(query: ListenQuery): object {
  const backlog = backlogOf(query);
  if (query.addressType === -1) {
    return { path: query.address, backlog, readableAll: query.readableAll, writableAll: query.writableAll };
  }
  return {
    port: query.port ?? 0,
    ...(query.address === null ? {} : { host: query.address }),
    ipv6Only: (query.flags & 1) === 1,
    backlog,
  };
}
