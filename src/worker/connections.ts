import type { Server } from 'node:net';
import { resolve } from 'node:path';
import { LONGEST_BACKLOG, type ListenQuery, type ServerKind, type SocketName, type ToWorker } from '../protocol/worker.ts';
import type { Channel } from './channel.ts';
import { FedHandle, type LentSocket } from './fed-handle.ts';
import { protocolOf, type AnyServer, type NodeListenQuery, type RawHandle } from './node-internals.ts';
import { ownUmask } from './own-umask.ts';
import { showPeer } from './peer-name.ts';

type SocketOrder = Pick<Extract<ToWorker, { readonly t: 'socket' }>, 'key' | 'on'>;
type Delivery = Pick<Extract<ToWorker, { readonly t: 'conn' }>, 'key' | 'peer' | 'probe'>;

interface Fed {
  readonly handle: FedHandle;
  readonly server: AnyServer;
}

interface Notify {
  /** This server listens. */
  readonly opened: (server: AnyServer) => void;
  /** Called before the server of this handle gets a connection. */
  readonly delivered: (connection: RawHandle, handle: FedHandle) => void;
  /** Has the server of this handle take the connection of a health check. */
  readonly probed: (connection: RawHandle, handle: FedHandle) => void;
}

/** Sends every `server.listen` of this worker to the primary, and passes the connections from the primary to the servers. */
export class Connections {
  readonly #channel: Channel;
  readonly #notify: Notify;
  readonly #pending = new Map<number, (errno: number, name: SocketName | null) => void>();
  readonly #fed = new Map<string, Fed>();
  readonly #keys = new Set<string>();
  #seq = 0;
  /** Connections received from the primary since this worker started, without those of health checks. */
  delivered = 0;
  /** Connections accepted from lent sockets. */
  accepted = 0;

  constructor(channel: Channel, notify: Notify) {
    this.#channel = channel;
    this.#notify = notify;
  }

  /**
   * Asks the primary for a listener.
   * @param answered called once, when the handle can listen or has its error.
   * @returns the handle, unless the primary is gone or does not hold such sockets: then Node itself must open one.
   */
  listen(server: Server, nodeQuery: NodeListenQuery, answered: () => void): FedHandle | null {
    if (!process.connected || !isCovered(nodeQuery)) return null;
    const address = absoluteAddress(nodeQuery);
    const key = this.#reserveKey({ ...nodeQuery, address });
    const seq = ++this.#seq;
    const handle = new FedHandle(() => this.#closed(key));
    this.#pending.set(seq, (errno, name) => {
      handle.errno = errno;
      if (name !== null) handle.name = name;
      if (errno !== 0 || handle.closed) {
        this.#keys.delete(key);
        if (errno === 0) this.#channel.send({ t: 'unlisten', key });
      } else {
        this.#fed.set(key, { handle, server });
        this.#notify.opened(server);
      }
      answered();
    });
    // The app may change it only for this call.
    const umask = nodeQuery.addressType === -1 ? ownUmask() : undefined;
    const ask = (): void => {
      const query = {
        ...nodeQuery,
        address,
        readableAll: nodeQuery.readableAll || handle.readableAll,
        writableAll: nodeQuery.writableAll || handle.writableAll,
      };
      this.#channel.send({ t: 'listen', seq, query: { ...toListenQuery(key, query, protocolOf(server)), ...(umask === undefined ? {} : { umask }) } });
    };
    // `net` still sets the mode of a Unix socket in this turn, on the handle.
    if (nodeQuery.addressType === -1) queueMicrotask(ask);
    else ask();
    return handle;
  }

  listening(seq: number, errno: number, name: SocketName | null): void {
    const answer = this.#pending.get(seq);
    this.#pending.delete(seq);
    answer?.(errno, name);
  }

  /** Passes a connection from the primary to its server, or sends it back if that server is closed or full. */
  deliver({ key, peer, probe }: Delivery, connection: RawHandle | undefined): void {
    if (probe !== true) this.delivered++;
    if (connection === undefined) return;
    const fed = this.#fed.get(key);
    if (fed?.handle.onconnection === undefined || isFull(fed.server)) {
      this.#channel.send({ t: 'refused', key, ...(peer === undefined ? {} : { peer }), ...(probe === undefined ? {} : { probe }) }, connection);
      return;
    }
    if (probe === true) return this.#notify.probed(connection, fed.handle);
    if (peer !== undefined) showPeer(connection, peer);
    this.#notify.delivered(connection, fed.handle);
    fed.handle.onconnection(0, connection);
  }

  /** Starts or stops accepting from a socket that the primary lent to this worker. */
  accept({ key, on }: SocketOrder, socket: RawHandle | undefined): void {
    const fed = this.#fed.get(key);
    if (on && fed === undefined) return socket?.close();
    if (!on) fed?.handle.acceptNothing();
    else if (socket !== undefined && fed !== undefined)
      fed.handle.acceptFrom(socket as LentSocket, LONGEST_BACKLOG, (connection) => {
        this.accepted++;
        this.#notify.delivered(connection, fed.handle);
      });
    this.#channel.send({ t: 'accepting', key, on });
  }

  /** A `listen` waits for its answer. */
  get asking(): boolean {
    return this.#pending.size > 0;
  }

  /** Those that listen. */
  get servers(): readonly AnyServer[] {
    return [...this.#fed.values()].map(({ server }) => server);
  }

  /** Stops accepting from all lent sockets, because the worker drains. */
  acceptNothing(): void {
    for (const { handle } of this.#fed.values()) handle.acceptNothing();
  }

  /** Its servers no longer keep the process alive, because the app was asked to shut down. */
  unrefAll(): void {
    for (const { handle } of this.#fed.values()) handle.unref();
  }

  /** One that is closed before the answer is given back when it comes. */
  #closed(key: string): void {
    if (!this.#fed.delete(key)) return;
    this.#keys.delete(key);
    this.#channel.send({ t: 'unlisten', key });
  }

  /** As in Node's cluster, the nth server of a worker on an address gets the nth listener, so calling `listen(0)` twice opens two ports. */
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

/** Resolves a socket path, because the primary has another working directory. Abstract sockets (leading NUL) and Windows pipes are not paths. */
function absoluteAddress({ address, addressType }: NodeListenQuery): string | null {
  const isPath = addressType === -1 && typeof address === 'string' && !address.startsWith('\0') && process.platform !== 'win32';
  return isPath ? resolve(address) : address;
}

function isFull(server: AnyServer): boolean {
  return typeof server.maxConnections === 'number' && (server._connections ?? 0) >= server.maxConnections;
}

function toListenQuery(key: string, query: NodeListenQuery, kind: ServerKind): ListenQuery {
  return {
    key,
    address: query.address ?? null,
    port: query.port ?? null,
    addressType: query.addressType as 4 | 6 | -1,
    // The options of `server.listen` that Node leaves unchecked, as its own handles take them.
    backlog: query.backlog === undefined || query.backlog === null ? null : query.backlog | 0,
    flags: query.flags ?? 0,
    readableAll: Boolean(query.readableAll),
    writableAll: Boolean(query.writableAll),
    kind,
  };
}
