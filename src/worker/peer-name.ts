import type { Endpoint, Peer } from '../protocol/proxy-header.ts';
import type { RawHandle } from './node-internals.ts';

type NameGetter = (out: object) => number;

/**
 * Makes sockets on this handle report the addresses from a PROXY header. Node gets `remoteAddress` and the like from the
 * handle; with TLS, from the handle below.
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
