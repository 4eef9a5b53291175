import { constants } from 'node:os';
import type { ListenAddress } from '../../lifecycle/fixed-listener.ts';
import type { AppSpec, ProxyProtocolSpec } from '../../lifecycle/app-spec.ts';
import { handOffOf } from '../../lifecycle/balance-strategy.ts';
import type { ListenQuery, SocketName } from '../../protocol/worker.ts';
import { cidrMatcher } from '../../system/cidr.ts';
import { descriptorRoom } from '../../system/descriptor-room.ts';
import { kernelQueue } from '../../system/kernel-queue.ts';
import { bindListener } from './bind-listener.ts';
import { Dispatcher } from './dispatcher.ts';
import { Lending, type Serving } from './lending.ts';
import type { ListenerName } from './listener-name.ts';
import { Listeners, type BindListener } from './listeners.ts';
import { ProxyReader, type ProxyRejection } from './proxy/proxy-reader.ts';
import type { RawConnection, RawListener } from '../handles/raw-handles.ts';
import type { Duplicate } from '../handles/duplicator.ts';
import type { HeldSocket } from '../handles/handle-keeper.ts';
import type { SocketKeeper } from '../handles/socket-keeper.ts';
import type { WorkerHandle } from '../workers/worker-handle.ts';
import { handOut, shutIngress } from './shut-ingress.ts';

const NOT_ALLOWED = -constants.errno.EACCES;
const PROXY_HEADER_MS = 5_000;

interface IngressPorts {
  readonly keeper: SocketKeeper;
  readonly duplicate: Duplicate;
  readonly bind?: BindListener;
  /** Called with the first TCP listener. */
  readonly opened?: () => void;
}

interface ProxyGate {
  readonly spec: ProxyProtocolSpec;
  readonly trusted: (address: string | undefined) => boolean;
}

/** Accepts the app's connections: its listening sockets, and the queue in front of its workers. It exists before the app starts, to take over kept sockets. */
export class Ingress {
  readonly dispatcher: Dispatcher;
  readonly listeners: Listeners;
  readonly #lending: Lending;
  readonly proxyRejections: Record<ProxyRejection, number> = { malformed: 0, timeout: 0, untrusted: 0, closed: 0 };
  readonly #readers = new Map<string, ProxyReader>();
  #gate: ProxyGate | null = null;
  readonly #keeper: SocketKeeper;
  #opened: () => void;
  /** Workers accept from the sockets that can be lent; otherwise this process does. */
  workersAccept = false;
  readonly #room = descriptorRoom();
  /** The ingress is shut for good. */
  #shut = false;
  /** While shutting: listeners on which only this process still accepts, and whose last connections are being handed to workers. */
  #handingOut: readonly string[] | null = null;
  /** Connections that this process has accepted. */
  arrivals = 0;

  constructor({ keeper, duplicate, bind = bindListener, opened = () => {} }: IngressPorts) {
    this.#keeper = keeper;
    this.#opened = opened;
    this.dispatcher = new Dispatcher({
      waitsInKernel: (key) => this.listeners.canPause(key) && (this.#gate === null || !this.#expectsHeader(key, this.#gate.spec)),
      crowded: (key) => {
        if (!this.#shut) void this.listeners.pause(key);
      },
      relieved: (key) => {
        if (!this.#isLent(this.listeners.get(key)?.query)) this.listeners.resume(key);
      },
    });
    this.listeners = new Listeners({
      bind,
      onConnection: (key, connection) => this.#arrived(key, connection),
      onOpened: (listener) => keeper.keep(listener),
      onClosed: (key) => {
        void keeper.drop(key);
        if (this.#handingOut?.includes(key) !== true) this.#forget(key);
      },
      onRenamed: (socket, before) => {
        keeper.keep(socket);
        void keeper.drop(before);
      },
      duplicate,
      grant: async (query) => (await keeper.bind?.(query)) ?? NOT_ALLOWED,
      isLent: (query) => this.#isLent(query),
    });
    this.#lending = new Lending(() => (this.workersAccept ? this.listeners.lendable : []));
  }

  /** Readable addresses of all listeners. */
  get labels(): readonly string[] {
    return this.listeners.all.map((listener) => listener.label).sort();
  }

  /** The open listeners, for health checks. */
  get probed(): readonly { readonly key: string; readonly query: ListenQuery; readonly name: SocketName | null }[] {
    return this.listeners.all;
  }

  /** All listening sockets, also those of an earlier primary that no worker has asked for yet. */
  get open(): readonly ListenerName[] {
    return this.listeners.names;
  }

  /** None of its sockets can be lent, so this process accepts whatever was decided. */
  get lendsNothing(): boolean {
    const accepting = this.listeners.all.filter(({ mode }) => mode !== 'handed-down');
    return accepting.length > 0 && this.listeners.lendable.length === 0;
  }

  /** Connections that wait for a worker, here or in the kernel. */
  get waiting(): number {
    return this.dispatcher.queued + kernelQueue(this.listeners.paused);
  }

  /** All listening sockets, as the daemon keeps them. */
  get held(): readonly HeldSocket[] {
    return this.listeners.held;
  }

  configure(spec: AppSpec): void {
    const { balance, maxConns, maxQueue, ipHashPrefix, proxyProtocol } = spec;
    this.dispatcher.configure({ strategy: handOffOf(balance), maxConns, maxQueue, maxQueued: this.#room, ipHashPrefix });
    this.#gate = proxyProtocol === null ? null : { spec: proxyProtocol, trusted: trustOf(proxyProtocol) };
  }

  /**
   * Lets the workers accept, or this process. Both do until the sockets have changed hands, and what waits in their queues stays
   * there, so no connection is lost. The workers get and return the sockets with the next `lend`.
   */
  letAccept(workers: boolean): void {
    if (this.#shut || workers === this.workersAccept) return;
    this.workersAccept = workers;
    for (const { key } of this.listeners.lendable) {
      if (workers) void this.listeners.pause(key);
      else this.listeners.resume(key);
    }
  }

  /** Adds a listening handle from the daemon. */
  received(key: string, handle: RawListener, name: SocketName | null): void {
    this.listeners.received(key, handle, name);
  }

  /** Opens a listener for a worker. */
  async listen(query: ListenQuery): Promise<{ readonly errno: number; readonly name: SocketName | null }> {
    // A worker that boots while the app stops must not fail because of this; it gets no connections.
    if (this.#shut) return { errno: 0, name: nameAsAsked(query) };
    if (query.addressType !== -1) {
      this.#opened();
      this.#opened = () => {};
    }
    const { errno, listener } = await this.listeners.listen(query);
    return { errno, name: listener?.name ?? null };
  }

  closeAllBut(used: ReadonlySet<string>): void {
    this.listeners.closeAllBut(used);
  }

  /** Lends the sockets to these workers, if workers accept. */
  lend(serving: Serving): void {
    this.#lending.assign(serving);
  }

  /** A worker accepts from a lent socket, or no longer. */
  borrowed(worker: WorkerHandle, key: string, on: boolean): void {
    if (on) this.listeners.accepted(key);
    else this.#lending.returned(worker, key);
  }

  forget(worker: WorkerHandle): void {
    this.#lending.forget(worker);
  }

  /** Listeners whose connections go through the dispatcher. */
  get dispatched(): readonly string[] {
    return this.#handingOut ?? this.listeners.all.map(({ key }) => key);
  }

  /**
   * Stops accepting connections for good. Resolves when all connections accepted so far have been handed to workers.
   * @param reroute called after `dispatched` has changed.
   */
  async shut(reroute: () => void): Promise<void> {
    const { listeners } = this;
    this.#shut = true;
    await shutIngress({
      releaseDuplicates: async () => void (await Promise.all(this.held.map(({ key }) => this.#keeper.drop(key)))),
      takeOver: () => {
        this.#handingOut = listeners.all.map(({ key }) => key);
        for (const { key } of listeners.all) listeners.narrow(key);
        const takenOver = this.#lending.takeAllBack();
        reroute();
        return takenOver;
      },
      arrivals: () => this.arrivals,
      closeSockets: () => this.closeAllBut(new Set()),
      waiting: () => this.#waiting,
    });
    for (const key of this.#handingOut ?? []) this.#forget(key);
    this.#handingOut = [];
  }

  /**
   * Leaves the sockets to another primary, which has them too. Resolves when all connections accepted so far have been handed to workers.
   * @param reroute called after `dispatched` has changed.
   */
  async release(reroute: () => void): Promise<void> {
    const { listeners } = this;
    this.#shut = true;
    this.#handingOut = listeners.all.map(({ key }) => key);
    listeners.release();
    const released = this.#lending.takeAllBack();
    reroute();
    await handOut({ released, waiting: () => this.#waiting });
    for (const key of this.#handingOut) this.#forget(key);
    this.#handingOut = [];
  }

  get #waiting(): number {
    return this.dispatcher.queued + [...this.#readers.values()].reduce((sum, reader) => sum + reader.reading, 0);
  }

  #forget(key: string): void {
    this.#readers.get(key)?.close();
    this.#readers.delete(key);
    this.dispatcher.close(key);
  }

  #arrived(key: string, connection: RawConnection): void {
    this.arrivals++;
    if (this.#gate === null || !this.#expectsHeader(key, this.#gate.spec)) this.dispatcher.accept(key, connection);
    else this.#readerFor(key).read(connection);
  }

  /** Whether workers accept from that socket. The kernel does not spread connections of Unix sockets, so those are handed over. */
  #isLent(query: ListenAddress | undefined): boolean {
    return this.workersAccept && query !== undefined && query.addressType !== -1;
  }

  #expectsHeader(key: string, { ports }: ProxyProtocolSpec): boolean {
    if (ports === null) return true;
    const port = this.listeners.get(key)?.name?.port;
    return port !== undefined && ports.includes(port);
  }

  #readerFor(key: string): ProxyReader {
    let reader = this.#readers.get(key);
    if (reader === undefined) {
      reader = new ProxyReader({
        timeoutMs: PROXY_HEADER_MS,
        trusted: (address) => this.#gate?.trusted(address) ?? true,
        accepted: (connection, peer) => this.dispatcher.accept(key, connection, peer),
        rejected: (reason) => this.proxyRejections[reason]++,
      });
      this.#readers.set(key, reader);
    }
    return reader;
  }
}

function nameAsAsked({ address, port, addressType }: ListenQuery): SocketName | null {
  if (addressType === -1) return null;
  return { address: address ?? (addressType === 6 ? '::' : '0.0.0.0'), port: port ?? 0, family: `IPv${addressType}` };
}

function trustOf({ from }: ProxyProtocolSpec): ProxyGate['trusted'] {
  if (from === null) return () => true;
  const matches = cidrMatcher(from);
  // A Unix socket has no addresses. File permissions decide who may connect.
  return (address) => address === undefined || matches(address);
}
