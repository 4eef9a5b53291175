import type { Peer } from '../../../protocol/proxy-header.ts';
import type { ProxyRejections } from '../../../protocol/totals.ts';
import type { RawConnection } from '../../handles/raw-handles.ts';
import { HeaderRead } from './header-read.ts';

export type ProxyRejection = keyof ProxyRejections;

export interface ProxyReaderOptions {
  /** Time limit for the whole header. */
  readonly timeoutMs: number;
  /** Whether this address may send a PROXY header. It is undefined for a Unix socket, whose file permissions decide who may connect. */
  readonly trusted: (address: string | undefined) => boolean;
  /** Without a peer the connection keeps its own addresses; for example a health check of the load balancer. */
  readonly accepted: (connection: RawConnection, peer: Peer | null) => void;
  /** The connection was rejected and is closed. */
  readonly rejected: (reason: ProxyRejection, detail: string) => void;
}

type PeerName = { readonly known: true; readonly address: string | undefined } | { readonly known: false };

/** Reads the PROXY header of every connection of a listener, before a worker is picked. */
export class ProxyReader {
  readonly #options: ProxyReaderOptions;
  readonly #reads = new Set<HeaderRead>();

  constructor(options: ProxyReaderOptions) {
    this.#options = options;
  }

  /** How many connections are still waiting for their header. */
  get reading(): number {
    return this.#reads.size;
  }

  read(connection: RawConnection): void {
    const name = peerNameOf(connection);
    if (name.known && this.#options.trusted(name.address)) {
      this.#start(connection);
      return;
    }
    connection.close();
    if (name.known) this.#options.rejected('untrusted', `from ${name.address ?? 'a Unix socket'}`);
    else this.#options.rejected('closed', 'before it was accepted');
  }

  /** Closes every connection that is still waiting for its header. */
  close(): void {
    for (const read of this.#reads) read.cancel();
    this.#reads.clear();
  }

  #start(connection: RawConnection): void {
    const read = new HeaderRead(connection, this.#options.timeoutMs, {
      done: (handle, peer) => {
        this.#reads.delete(read);
        this.#options.accepted(handle, peer);
      },
      failed: (reason, detail) => {
        this.#reads.delete(read);
        this.#options.rejected(reason, detail);
      },
    });
    this.#reads.add(read);
  }
}

function peerNameOf(connection: RawConnection): PeerName {
  const { getpeername } = connection as { getpeername?: (out: object) => number };
  if (getpeername === undefined) return { known: true, address: undefined };
  const out: { address?: string } = {};
  return Reflect.apply(getpeername, connection, [out]) === 0 ? { known: true, address: out.address } : { known: false };
}
