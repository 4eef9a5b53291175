import type { Peer } from '../../../protocol/proxy-header.ts';
import type { ProxyRejections } from '../../../protocol/snapshot.ts';
import type { RawConnection } from '../../handles/raw-handles.ts';
import { HeaderRead } from './header-read.ts';

export type ProxyRejection = keyof ProxyRejections;

export interface ProxyReaderOptions {
  /** For the whole header; 5 s is usual. */
  readonly timeoutMs: number;
  /** Whether this address may name other addresses; undefined is a Unix socket, whose file decides who may connect. */
  readonly trusted: (address: string | undefined) => boolean;
  /** Without a peer the connection keeps its own addresses, such as a balancer's check of itself. */
  readonly accepted: (connection: RawConnection, peer: Peer | null) => void;
  /** The connection is closed already. */
  readonly rejected: (reason: ProxyRejection, detail: string) => void;
}

type PeerName = { readonly known: true; readonly address: string | undefined } | { readonly known: false };

/** Takes the PROXY header off every connection of a listener before a worker is chosen. */
export class ProxyReader {
  readonly #options: ProxyReaderOptions;
  readonly #underWay = new Set<HeaderRead>();

  constructor(options: ProxyReaderOptions) {
    this.#options = options;
  }

  /** Connections whose header has not come yet. */
  get reading(): number {
    return this.#underWay.size;
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

  /** Ends every connection whose header has not come yet. */
  close(): void {
    for (const read of this.#underWay) read.cancel();
    this.#underWay.clear();
  }

  #start(connection: RawConnection): void {
    const read = new HeaderRead(connection, this.#options.timeoutMs, {
      done: (handle, peer) => {
        this.#underWay.delete(read);
        this.#options.accepted(handle, peer);
      },
      failed: (reason, detail) => {
        this.#underWay.delete(read);
        this.#options.rejected(reason, detail);
      },
    });
    this.#underWay.add(read);
  }
}

function peerNameOf(connection: RawConnection): PeerName {
  const { getpeername } = connection as { getpeername?: (out: object) => number };
  if (getpeername === undefined) return { known: true, address: undefined };
  const out: { address?: string } = {};
  return Reflect.apply(getpeername, connection, [out]) === 0 ? { known: true, address: out.address } : { known: false };
}
