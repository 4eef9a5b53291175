import type { Server } from 'node:net';
import { resolve } from 'node:path';
import type { ListenQuery, SocketName } from '../protocol/worker.ts';
import type { Channel } from './channel.ts';
import type { AnyServer, ClusterInternals, ListeningHandle, NodeListenQuery, RawHandle } from './node-internals.ts';
import type { Traffic } from './traffic.ts';

const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** A server's handle that is fed by the primary instead of the kernel. Node's own connection code runs on it. */
class FedHandle implements ListeningHandle {
  onconnection?: (status: number, connection: RawHandle) => void;
  getsockname?: (out: object) => number;
  readonly #onClose: () => void;
  /** What a real listening handle does by itself: keeps the process alive. */
  readonly #alive: NodeJS.Timeout;

  constructor(alive: NodeJS.Timeout, name: SocketName | null, onClose: () => void) {
    this.#alive = alive;
    this.#onClose = onClose;
    // A Unix socket has none: net.Server then answers address() with its path.
    if (name !== null) {
      this.getsockname = (out) => {
        Object.assign(out, name);
        return 0;
      };
    }
  }

  listen(): number {
    return 0;
  }

  close(done?: () => void): void {
    clearInterval(this.#alive);
    this.#onClose();
    if (done !== undefined) process.nextTick(done);
  }

  ref(): void {
    this.#alive.ref();
  }

  unref(): void {
    this.#alive.unref();
  }
}

interface Fed {
  readonly handle: FedHandle;
  readonly server: AnyServer;
}

/** Sends every `server.listen` of this worker to the primary and feeds the servers with the connections it hands over. */
export class Connections {
  readonly #channel: Channel;
  readonly #traffic: Traffic;
  readonly #cluster: ClusterInternals;
  readonly #pending = new Map<number, (errno: number, name: SocketName | null) => void>();
  readonly #fed = new Map<string, Fed>();
  readonly #keys = new Set<string>();
  #seq = 0;

  constructor(channel: Channel, traffic: Traffic, cluster: ClusterInternals) {
    this.#cluster = cluster;
    this.#channel = channel;
    this.#traffic = traffic;
  }

  install(): void {
    const cluster = this.#cluster;
    const nodeGetServer = cluster._getServer;
    cluster._getServer = (server, query, callback) => {
      if (!process.connected || !isCovered(query)) Reflect.apply(nodeGetServer, cluster, [server, query, callback]);
      else this.#listen(server, query, callback);
    };
  }

  listening(seq: number, errno: number, name: SocketName | null): void {
    const answer = this.#pending.get(seq);
    this.#pending.delete(seq);
    answer?.(errno, name);
  }

  /** A connection from the primary; goes back when the server it was meant for is closed or full. */
  deliver(key: string, connection: RawHandle | undefined): void {
    if (connection === undefined) return;
    const fed = this.#fed.get(key);
    if (fed?.handle.onconnection === undefined || isFull(fed.server)) {
      this.#channel.send({ t: 'refused', key }, connection);
      return;
    }
    fed.handle.onconnection(0, connection);
  }

  #listen(server: Server, asked: NodeListenQuery, callback: (errno: number, handle: ListeningHandle | null) => void): void {
    const query = { ...asked, address: absoluteAddress(asked) };
    const key = this.#reserveKey(query);
    const seq = ++this.#seq;
    const alive = setInterval(() => {}, LONGEST_TIMER_MS);
    this.#pending.set(seq, (errno, name) => {
      if (errno !== 0) {
        clearInterval(alive);
        this.#keys.delete(key);
        callback(errno, null);
        return;
      }
      const handle = new FedHandle(alive, name, () => this.#closed(key));
      this.#fed.set(key, { handle, server });
      this.#traffic.watch(server);
      callback(0, handle);
    });
    this.#channel.send({ t: 'listen', seq, query: toListenQuery(key, query) });
  }

  #closed(key: string): void {
    this.#fed.delete(key);
    this.#keys.delete(key);
    this.#channel.send({ t: 'unlisten', key });
  }

  /** As in Node's cluster, the nth server of a worker on the same address gets the nth listener: `listen(0)` twice is two ports. */
  #reserveKey(query: NodeListenQuery): string {
    const base = `${query.address ?? '*'}|${query.port ?? ''}|${query.addressType}`;
    let index = 0;
    while (this.#keys.has(`${base}|${index}`)) index++;
    const key = `${base}|${index}`;
    this.#keys.add(key);
    return key;
  }
}

function isCovered(query: NodeListenQuery): boolean {
  return typeof query.addressType === 'number' && !(typeof query.fd === 'number' && query.fd >= 0);
}

/** The primary does not share this worker's directory. Abstract sockets (NUL first) and Windows pipes are no paths. */
function absoluteAddress({ address, addressType }: NodeListenQuery): string | null {
  const isPath = addressType === -1 && typeof address === 'string' && !address.startsWith('\0') && process.platform !== 'win32';
  return isPath ? resolve(address) : address;
}

function isFull(server: AnyServer): boolean {
  return typeof server.maxConnections === 'number' && (server._connections ?? 0) >= server.maxConnections;
}

function toListenQuery(key: string, query: NodeListenQuery): ListenQuery {
  return {
    key,
    address: query.address ?? null,
    port: query.port ?? null,
    addressType: query.addressType as 4 | 6 | -1,
    backlog: query.backlog ?? null,
    flags: query.flags ?? 0,
    readableAll: query.readableAll ?? false,
    writableAll: query.writableAll ?? false,
  };
}
