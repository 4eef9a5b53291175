import { constants } from 'node:os';
import { setImmediate } from 'node:timers/promises';
import { errnoOf } from '../../errors/lb-error.ts';
import type { ListenQuery, SocketName } from '../../protocol/worker.ts';
import type { ListenAddress } from '../../lifecycle/fixed-listener.ts';
import type { ListeningDescriptor } from '../../system/kernel-queue.ts';
import { claimSocketPath } from '../../system/stale-socket.ts';
import type { Duplicate } from '../handles/duplicator.ts';
import type { HeldSocket } from '../handles/handle-keeper.ts';
import { InheritedSockets } from './inherited-sockets.ts';
import { backlogOf } from './listen-options.ts';
import { canBeUnpolled, closeSpare, refusal, type Listener, type ListenOutcome } from './listener.ts';
import { labelOf, nameOf, socketName, type ListenerName } from './listener-name.ts';
import { hasLostItsFile, removeFile } from './socket-file.ts';
import { bindSocket } from '../../system/raw-listener.ts';
import { CLOSING_BACKLOG, type RawConnection, type RawListener } from '../handles/raw-handles.ts';

/** Opens a listening socket. @throws Error from `server.listen`. */
export type BindListener = (query: ListenQuery) => Promise<RawListener>;

const NO_DESCRIPTORS = -constants.errno.EMFILE;
const NOT_ALLOWED = -constants.errno.EACCES;

interface ListenersOptions {
  readonly bind: BindListener;
  readonly onConnection: (key: string, connection: RawConnection) => void;
  /** A listener was opened, and the daemon should keep a duplicate. */
  readonly onOpened: (listener: Listener) => void;
  readonly onClosed: (key: string) => void;
  /** The daemon keeps a duplicate under another key. */
  readonly onRenamed: (socket: HeldSocket, before: string) => void;
  readonly duplicate: Duplicate;
  /** Asks for a socket that this user may not open. @returns 0 if it was received */
  readonly grant: (query: ListenQuery) => Promise<number>;
  /** Whether workers accept from this socket themselves, so that it is not polled here. */
  readonly isLent: (query: ListenAddress) => boolean;
}

/** The app's listening sockets. Each is opened when the first worker asks for it, and stays open independently of the workers. */
export class Listeners {
  readonly #options: ListenersOptions;
  readonly #open = new Map<string, Listener>();
  readonly #opening = new Map<string, Promise<ListenOutcome>>();
  readonly #inherited: InheritedSockets;

  constructor(options: ListenersOptions) {
    this.#options = options;
    this.#inherited = new InheritedSockets(options.onRenamed);
  }

  get all(): readonly Listener[] {
    return [...this.#open.values()];
  }

  /** All that are open, also those of an earlier primary that no worker has asked for yet. */
  get names(): readonly ListenerName[] {
    return [...this.#open.values(), ...this.#inherited.named].map(nameOf);
  }

  /** All sockets of which the daemon may keep duplicates. */
  get held(): readonly HeldSocket[] {
    return [...this.#open.values(), ...this.#inherited.all];
  }

  get(key: string): Listener | undefined {
    return this.#open.get(key);
  }

  /** Those of which workers may borrow the socket. */
  get lendable(): readonly Listener[] {
    return this.all.filter(({ query, mode }) => mode !== 'handed-down' && canBeUnpolled(query));
  }

  /** The descriptors of those whose connections wait in the kernel. */
  get paused(): readonly ListeningDescriptor[] {
    // The family of the socket, not of the query: without an address, both are served by one of IPv6.
    return [...this.#open.values()].flatMap(({ mode, query, handle, name }) =>
      mode === 'paused' && !this.#options.isLent(query) && handle.fd !== undefined && name !== null
        ? [{ descriptor: handle.fd, family: name.family === 'IPv6' ? 6 : 4 }]
        : [],
    );
  }

  /** Adds a handle of the previous primary, from the daemon. */
  received(key: string, handle: RawListener, name: SocketName | null): void {
    if (this.#open.has(key)) return handle.close();
    this.#inherited.add(key, handle, name);
  }

  canPause(key: string): boolean {
    const listener = this.#open.get(key);
    return listener !== undefined && canBeUnpolled(listener.query);
  }

  /** A worker accepts from this socket: from now on the kernel lets connections in. */
  accepted(key: string): void {
    const listener = this.#open.get(key);
    if (listener !== undefined) listener.listens = true;
  }

  /** Whether no listener refuses connections. */
  get accepting(): boolean {
    return this.all.every(({ listens }) => listens);
  }

  /** Stops accepting for now, so connections wait in the kernel's queue. Without a duplicate it keeps accepting. */
  async pause(key: string): Promise<void> {
    const listener = this.#open.get(key);
    if (listener?.mode !== 'accepting' || !this.canPause(key)) return;
    listener.mode = 'pausing';
    listener.spare ??= this.#options.duplicate(listener.handle);
    const spare = await listener.spare;
    // It may have been resumed meanwhile, or closed, and its spare with it.
    if (listener.spare === null || listener.mode !== 'pausing') return;
    listener.spare = null;
    listener.mode = spare === null ? 'accepting' : 'paused';
    if (spare === null) return;
    // libuv cannot stop polling a listening handle, but we can close it: the spare keeps the socket open.
    listener.handle.close();
    listener.handle = spare;
  }

  resume(key: string): void {
    const listener = this.#open.get(key);
    if (listener === undefined || listener.mode === 'accepting' || listener.mode === 'handed-down') return;
    if (listener.mode === 'paused') {
      this.#poll(listener);
      // A listener that paused once will pause again soon, and then at once.
      listener.spare = this.#options.duplicate(listener.handle);
    }
    listener.mode = 'accepting';
  }

  /** Lets in as few connections as possible before the listener is closed: removes the queue of a TCP socket, or the file of a Unix socket. */
  narrow(key: string): void {
    const listener = this.#open.get(key);
    if (listener?.listens !== true || listener.mode === 'handed-down') return;
    this.resume(key);
    closeSpare(listener);
    if (listener.query.addressType !== -1) listener.handle.listen(CLOSING_BACKLOG);
    else if (listener.query.address !== null) removeFile(listener.query.address);
  }

  async listen(query: ListenQuery): Promise<ListenOutcome> {
    const open = this.#open.get(query.key);
    if (open !== undefined && !hasLostItsFile(open.query)) return { errno: 0, listener: open };
    let opening = this.#opening.get(query.key);
    if (opening === undefined) {
      opening = (open === undefined ? this.#granted(query, () => this.#start(query)) : this.#bindAnew(open)).finally(() => this.#opening.delete(query.key));
      this.#opening.set(query.key, opening);
    }
    return opening;
  }

  /** Opens a socket that commands inherit. It listens without being polled: the handle that listens is closed in the same turn. */
  handDown(query: ListenQuery): Promise<ListenOutcome> {
    return this.#granted(query, () => this.#handDown(query));
  }

  async #granted(query: ListenQuery, open: () => Promise<ListenOutcome>): Promise<ListenOutcome> {
    const outcome = await open();
    if (outcome.errno !== NOT_ALLOWED) return outcome;
    const errno = await this.#options.grant(query);
    return errno === 0 ? open() : { errno, listener: null };
  }

  async #handDown(query: ListenQuery): Promise<ListenOutcome> {
    const open = this.#open.get(query.key);
    if (open !== undefined) return { errno: 0, listener: open };
    const inherited = this.#inherited.take(query);
    if (inherited !== null) return this.#handedDown(query, inherited.handle, inherited.name);
    const handle = bindSocket({ ...query, port: query.port ?? 0 });
    if (typeof handle === 'number') return { errno: handle, listener: null };
    const unpolled = await this.#options.duplicate(handle);
    const errno = unpolled === null ? NO_DESCRIPTORS : handle.listen(backlogOf(query));
    handle.close();
    if (unpolled !== null && errno === 0) return this.#handedDown(query, unpolled, socketName(unpolled));
    unpolled?.close();
    return { errno, listener: null };
  }

  #handedDown(query: ListenQuery, handle: RawListener, name: SocketName | null): ListenOutcome {
    const listener = this.#add(query, handle, name);
    listener.mode = 'handed-down';
    this.#options.onOpened(listener);
    return { errno: 0, listener };
  }

  /** Closes all listeners but those in `used`. */
  closeAllBut(used: ReadonlySet<string>): void {
    for (const [key, listener] of this.#open) {
      if (used.has(key)) continue;
      this.#open.delete(key);
      listener.handle.close();
      closeSpare(listener);
      if (listener.query.addressType === -1 && listener.query.address !== null) removeFile(listener.query.address);
      this.#options.onClosed(key);
    }
    for (const { key, handle } of this.#inherited.all) {
      if (used.has(key)) continue;
      this.#inherited.remove(key);
      handle.close();
      this.#options.onClosed(key);
    }
  }

  /** Another primary serves these sockets from now on: gives up the handles, and nothing else. What waits in the kernel's queue is accepted there. */
  release(): void {
    for (const { handle } of [...this.#open.values(), ...this.#inherited.all]) handle.close();
    for (const listener of this.#open.values()) closeSpare(listener);
    this.#open.clear();
    this.#inherited.clear();
  }

  async #start(query: ListenQuery): Promise<ListenOutcome> {
    const inherited = this.#inherited.take(query);
    if (inherited !== null) {
      const listener = this.#add(query, inherited.handle, inherited.name);
      if (this.#options.isLent(query)) return this.#unpolled(listener);
      const errno = this.#poll(listener);
      return errno === 0 ? { errno: 0, listener } : { errno, listener: null };
    }
    if (this.#options.isLent(query)) return this.#bindOnly(query);
    try {
      return await this.#bind(query);
    } catch (error) {
      if (errnoOf(error) !== 'EADDRINUSE' || query.addressType !== -1 || query.address === null) return refusal(error);
    }
    // A killed primary leaves the file of its Unix socket behind. Take it over if nothing answers on it.
    try {
      await claimSocketPath(query.address);
      return await this.#bind(query);
    } catch {
      return refusal({ errno: -98 });
    }
  }

  /** Many apps remove the file of their Unix socket before they listen, as one that a dead process left behind. Here it was ours. */
  async #bindAnew(listener: Listener): Promise<ListenOutcome> {
    const { key, query } = listener;
    // Nobody has been able to connect since. After a poll of the event loop, all who had are accepted.
    await setImmediate();
    await setImmediate();
    listener.handle.close();
    try {
      listener.handle = await this.#options.bind(query);
    } catch (error) {
      this.#open.delete(key);
      this.#options.onClosed(key);
      return refusal(error);
    }
    this.#feed(listener);
    this.#options.onOpened(listener);
    return { errno: 0, listener };
  }

  async #bind(query: ListenQuery): Promise<ListenOutcome> {
    const handle = await this.#options.bind(query);
    const listener = this.#add(query, handle, socketName(handle));
    this.#feed(listener);
    this.#options.onOpened(listener);
    return { errno: 0, listener };
  }

  /** Opens a socket for workers to accept from. */
  #bindOnly(query: ListenQuery): ListenOutcome {
    const handle = bindSocket({ ...query, port: query.port ?? 0 });
    if (typeof handle === 'number') return { errno: handle, listener: null };
    const listener = this.#add(query, handle, socketName(handle));
    listener.listens = false;
    this.#options.onOpened(listener);
    return this.#unpolled(listener);
  }

  #unpolled(listener: Listener): ListenOutcome {
    listener.mode = 'paused';
    return { errno: 0, listener };
  }

  #add(query: ListenQuery, handle: RawListener, name: SocketName | null): Listener {
    const listener: Listener = { key: query.key, query, handle, name, label: labelOf(query, name), mode: 'accepting', listens: true, spare: null };
    this.#open.set(query.key, listener);
    return listener;
  }

  #feed({ key, handle }: Listener): void {
    handle.onconnection = (status, connection) => {
      if (status === 0 && connection !== undefined) this.#options.onConnection(key, connection);
    };
  }

  /** Starts accepting on a handle that is bound. */
  #poll(listener: Listener): number {
    this.#feed(listener);
    listener.listens = true;
    return listener.handle.listen(backlogOf(listener.query));
  }
}
