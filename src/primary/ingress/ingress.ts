import type { AppSpec, ProxyProtocolSpec } from '../../lifecycle/app-spec.ts';
import { workersAccept } from '../../lifecycle/workers-accept.ts';
import { DEFAULT_STRATEGY, handsOff } from '../../lifecycle/balance-strategy.ts';
import type { ListenQuery, SocketName } from '../../protocol/worker.ts';
import { cidrMatcher } from '../../system/cidr.ts';
import { descriptorRoom } from '../../system/descriptor-room.ts';
import { kernelQueue } from '../../system/kernel-queue.ts';
import { bindListener } from './bind-listener.ts';
import { DirectSockets } from './direct-sockets.ts';
import { Dispatcher } from './dispatcher.ts';
import { Listeners, type BindListener, type ListenerName } from './listeners.ts';
import { ProxyReader, type ProxyRejection } from './proxy/proxy-reader.ts';
import { canReusePort, type RawConnection, type RawListener } from '../handles/raw-handles.ts';
import type { Duplicate } from '../handles/duplicator.ts';
import type { HeldSocket } from '../handles/handle-keeper.ts';
import type { SocketKeeper } from '../handles/socket-keeper.ts';
import { handOut, shutIngress } from './shut-ingress.ts';

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
  /** The sockets of `direct`. */
  readonly sockets: DirectSockets;
  readonly proxyRejections: Record<ProxyRejection, number> = { malformed: 0, timeout: 0, untrusted: 0, closed: 0 };
  readonly #readers = new Map<string, ProxyReader>();
  #gate: ProxyGate | null = null;
  readonly #keeper: SocketKeeper;
  #opened: () => void;
  #direct = false;
  readonly #room = descriptorRoom();
  /** The ingress is shut for good. */
  #shut = false;
  /** While shutting: listeners on which only this process still accepts, and whose last connections are being handed to workers. */
  #handingOut: readonly string[] | null = null;
  #arrivals = 0;

  constructor({ keeper, duplicate, bind = bindListener, opened = () => {} }: IngressPorts) {
    this.#keeper = keeper;
    this.#opened = opened;
    this.dispatcher = new Dispatcher({
      waitsInKernel: (key) => this.listeners.canPause(key) && (this.#gate === null || !this.#expectsHeader(key, this.#gate.spec)),
      crowded: (key) => {
        if (!this.#shut) void this.listeners.pause(key);
      },
      relieved: (key) => this.listeners.resume(key),
    });
    this.listeners = new Listeners({
      bind,
      onConnection: (key, connection) => this.#arrived(key, connection),
      onOpened: (listener) => keeper.keep(listener),
      onClosed: (key) => {
        void keeper.drop(key);
        if (this.#handingOut?.includes(key) !== true) this.#forget(key);
      },
      duplicate,
    });
    this.sockets = new DirectSockets({ onOpened: (socket) => keeper.keep(socket), onClosed: (key) => void keeper.drop(key) });
  }

  /** Readable addresses of all listeners. */
  get labels(): readonly string[] {
    return [...this.listeners.all.map((listener) => listener.label), ...this.sockets.labels].sort();
  }

  /** The open listeners, for health checks. */
  get probed(): readonly { readonly key: string; readonly query: ListenQuery; readonly name: SocketName | null }[] {
    return [...this.listeners.all, ...this.sockets.groups];
  }

  /** All listening sockets, also those of an earlier primary that no worker has asked for yet. */
  get open(): readonly ListenerName[] {
    return [...this.listeners.names, ...this.sockets.names];
  }

  /** Connections that wait for a worker, here or in the kernel. */
  get waiting(): number {
    return this.dispatcher.queued + kernelQueue(this.listeners.paused);
  }

  /** All listening sockets, as the daemon keeps them. */
  get held(): readonly HeldSocket[] {
    return [...this.listeners.held, ...this.sockets.held];
  }

  configure(spec: AppSpec): void {
    const { kind, balance, maxConns, maxQueue, ipHashPrefix, proxyProtocol } = spec;
    this.#direct = workersAccept(spec);
    this.sockets.shared = kind === 'plain' || !canReusePort();
    this.dispatcher.configure({ strategy: handsOff(balance) ? balance : DEFAULT_STRATEGY, maxConns, maxQueue, maxQueued: this.#room, ipHashPrefix });
    this.#gate = proxyProtocol === null ? null : { spec: proxyProtocol, trusted: trustOf(proxyProtocol) };
  }

  /** Adds a listening handle from the daemon. */
  received(key: string, handle: RawListener, name: SocketName | null): void {
    if (DirectSockets.owns(key)) this.sockets.received(key, handle);
    else this.listeners.received(key, handle, name);
  }

  /** Opens a listener for a worker. The kernel does not spread connections of Unix sockets, so those are dispatched even with `direct`. */
  async listen(query: ListenQuery, slots: number): Promise<{ readonly errno: number; readonly name: SocketName | null }> {
    // A worker that boots while the app stops must not fail because of this; it gets no connections.
    if (this.#shut) return { errno: 0, name: nameAsAsked(query) };
    if (query.addressType !== -1) {
      this.#opened();
      this.#opened = () => {};
    }
    if (this.#direct && query.addressType !== -1) {
      const outcome = await this.sockets.listen(query, slots);
      return { errno: outcome.errno, name: 'name' in outcome ? outcome.name : null };
    }
    const { errno, listener } = await this.listeners.listen(query);
    return { errno, name: listener?.name ?? null };
  }

  closeAllBut(used: ReadonlySet<string>): void {
    this.listeners.closeAllBut(used);
    this.sockets.closeAllBut(used);
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
    const { listeners, sockets } = this;
    this.#shut = true;
    await shutIngress({
      releaseDuplicates: async () => void (await Promise.all(this.held.map(({ key }) => this.#keeper.drop(key)))),
      takeOver: () => {
        this.#handingOut = [...listeners.all, ...sockets.groups].map(({ key }) => key);
        for (const { key } of listeners.all) listeners.narrow(key);
        const takenOver = sockets.takeOver((key, connection) => this.#arrived(key, connection));
        reroute();
        return takenOver;
      },
      arrivals: () => this.#arrivals,
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
    const { listeners, sockets } = this;
    this.#shut = true;
    this.#handingOut = listeners.all.map(({ key }) => key);
    listeners.release();
    const released = sockets.release();
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
    this.#arrivals++;
    if (this.#gate === null || !this.#expectsHeader(key, this.#gate.spec)) this.dispatcher.accept(key, connection);
    else this.#readerFor(key).read(connection);
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
