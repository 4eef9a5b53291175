import type { Endpoint, Peer } from '../protocol/proxy-header.ts';
import type { RawHandle } from './node-internals.ts';

type NameGetter = (out: object) => number;

/**
 * Makes the sockets on this handle show the ends that a PROXY header named. Node asks the handle for them whenever the
 * app asks for `remoteAddress` and its like; TLS passes the question on to the handle below it.
 */
export function showPeer(handle: RawHandle, peer: Peer): void {
  const named = handle as RawHandle & { getpeername?: NameGetter; getsockname?: NameGetter };
  named.getpeername = answers(peer.source);
  if (peer.destination !== null) named.getsockname = answers(peer.destination);
}

function answers({ address, port, family }: Endpoint): NameGetter {
  return (out) => {
    Object.assign(out, { address, port, family });
    return 0;
  };
}
