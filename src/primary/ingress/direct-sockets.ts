import { assignSockets } from '../../balancing/direct-assignment.ts';
import type { ListenQuery, SocketName } from '../../protocol/worker.ts';
import type { WorkerHandle } from '../workers/worker-handle.ts';
import { labelOf, nameOf, queryOf, socketName, type ListenerName } from './listeners.ts';
import type { HeldSocket } from '../handles/handle-keeper.ts';
import { bindSocket, CLOSING_BACKLOG, type RawConnection, type RawListener } from '../handles/raw-handles.ts';

/** The sockets of one listener: one per slot on the same port, or a single one where the system cannot share a port. */
interface Group {
  readonly query: ListenQuery;
  readonly name: SocketName | null;
  readonly sockets: RawListener[];
  /** A bound socket refuses connections until its first worker accepts. */
  listens: boolean;
}

export type GroupOutcome = { readonly errno: 0; readonly name: SocketName | null } | { readonly errno: number };

interface DirectOptions {
  /** A socket was opened, and the daemon should keep a duplicate. */
  readonly onOpened: (socket: HeldSocket) => void;
  readonly onClosed: (key: string) => void;
}

interface LentSocket {
  readonly key: string;
  readonly index: number;
}

interface Serving {
  /** Workers in rotation. */
  readonly members: readonly WorkerHandle[];
  readonly isBackup: (worker: WorkerHandle) => boolean;
}

/** Delay before a socket that a worker could not receive is lent again. */
const LEND_AGAIN_MS = 1_000;

/** The key of a kept socket: the key of its listener, and its index. */
const KEPT_KEY = /^(.+)#(\d+)$/;

/**
 * The listening sockets of `direct`, which the primary owns and the workers accept from. They stay open independently of the
 * workers, so queued connections survive reloads, crashes and scale-downs. A socket whose slot has no worker is lent to others.
 */
export class DirectSockets {
  readonly #options: DirectOptions;
  readonly #groups = new Map<string, Group>();
  readonly #opening = new Map<string, Promise<GroupOutcome>>();
  readonly #inherited = new Map<string, Map<number, RawListener>>();
  /** One socket for all workers, instead of one per slot: also where the system cannot share a port. */
  shared = false;
  /** The sockets lent to each worker. */
  readonly #lent = new Map<WorkerHandle, Set<LentSocket>>();
  #serving: Serving = { members: [], isBackup: () => false };
  /** For `takeOver`: sockets that workers were asked to release and have not yet. */
  #releasing: { readonly sockets: Map<WorkerHandle, Set<LentSocket>>; readonly done: () => void } | null = null;

  constructor(options: DirectOptions) {
    this.#options = options;
  }

  static owns(key: string): boolean {
    return KEPT_KEY.test(key);
  }

  get labels(): readonly string[] {
    return [...this.#groups.values()].map(({ query, name }) => labelOf(query, name));
  }

  /** All that are open, also those of an earlier primary that no worker has asked for yet. */
  get names(): readonly ListenerName[] {
    const inherited = [...this.#inherited].map(([key, sockets]) => ({ key, query: queryOf(key), name: nameOfAny(sockets.values()) }));
    return [...this.groups, ...inherited].map(nameOf);
  }

  get groups(): readonly { readonly key: string; readonly query: ListenQuery; readonly name: SocketName | null }[] {
    return [...this.#groups].map(([key, { query, name }]) => ({ key, query, name }));
  }

  /** All sockets, with their keys as the daemon knows them. */
  get held(): readonly HeldSocket[] {
    const open = [...this.#groups].flatMap(([key, { sockets, name }]) =>
      [...sockets.entries()].map(([index, handle]) => ({ key: keptKey(key, index), handle, name })),
    );
    const inherited = [...this.#inherited].flatMap(([key, sockets]) =>
      [...sockets].map(([index, handle]) => ({ key: keptKey(key, index), handle, name: socketName(handle) })),
    );
    return [...open, ...inherited];
  }

  /** Adds a socket that the daemon kept for an earlier primary. */
  received(keptKey: string, handle: RawListener): void {
    const [, key = '', index = ''] = KEPT_KEY.exec(keptKey) ?? [];
    if (this.#groups.has(key)) return handle.close();
    const sockets = this.#inherited.get(key) ?? new Map<number, RawListener>();
    this.#inherited.set(key, sockets.set(Number(index), handle));
  }

  /** Opens a listener for a worker, with one socket for each slot. */
  async listen(query: ListenQuery, slots: number): Promise<GroupOutcome> {
    let opening = this.#opening.get(query.key);
    if (opening === undefined) {
      opening = this.#open(query).finally(() => this.#opening.delete(query.key));
      this.#opening.set(query.key, opening);
    }
    const outcome = await opening;
    const group = this.#groups.get(query.key);
    if (outcome.errno === 0 && group !== undefined) this.#grow(group, this.shared ? 1 : slots);
    return outcome;
  }

  /** Lends each socket to the workers that should accept from it, and only then takes it from the others. */
  assign(serving: Serving = this.#serving): void {
    this.#serving = serving;
    if (this.#releasing !== null) return;
    const { members, isBackup } = serving;
    for (const [key, { sockets }] of this.#groups) {
      const able = members.filter((worker) => worker.keys.has(key));
      const workers = able.map((worker) => ({ id: worker.id, slot: worker.slot, backup: isBackup(worker) }));
      const assigned = assignSockets(sockets.length, workers, this.shared);
      const accepts = (worker: WorkerHandle, index: number): boolean => assigned[index]?.includes(worker.id) ?? false;
      for (const [index, socket] of sockets.entries()) {
        for (const worker of able) if (accepts(worker, index)) this.#lend(worker, key, index, socket);
      }
      for (const [worker, borrowed] of this.#lent) {
        for (const lent of borrowed) if (lent.key === key && !accepts(worker, lent.index)) this.#takeAway(worker, lent);
      }
    }
  }

  /**
   * Accepts connections in the primary instead of the workers, before the sockets are closed. Resolves when no worker accepts.
   * Otherwise a worker could be the last to close a socket, which would reset the connections in its queue.
   */
  async takeOver(onConnection: (key: string, connection: RawConnection) => void): Promise<void> {
    for (const [key, { sockets }] of this.#groups) {
      for (const socket of sockets) {
        socket.onconnection = (status, connection) => {
          if (status === 0 && connection !== undefined) onConnection(key, connection);
        };
        socket.listen(CLOSING_BACKLOG);
      }
    }
    await this.#takeAllAway();
  }

  /** Another primary lends these sockets from now on: takes them from the workers. Resolves when no worker accepts. */
  async release(): Promise<void> {
    const away = this.#takeAllAway();
    const all = [...[...this.#groups.values()].flatMap(({ sockets }) => sockets), ...[...this.#inherited.values()].flatMap((sockets) => [...sockets.values()])];
    for (const socket of all) socket.close();
    this.#groups.clear();
    this.#inherited.clear();
    await away;
  }

  #takeAllAway(): Promise<void> {
    return new Promise<void>((resolve) => {
      this.#releasing = { sockets: new Map([...this.#lent].map(([worker, borrowed]) => [worker, new Set(borrowed)])), done: resolve };
      for (const [worker, borrowed] of this.#lent) for (const lent of borrowed) this.#takeAway(worker, lent);
      this.#checkReleased();
    });
  }

  /** A worker accepts from a socket of this listener: from now on the kernel lets connections in. */
  accepted(key: string): void {
    const group = this.#groups.get(key);
    if (group !== undefined) group.listens = true;
  }

  get accepting(): boolean {
    return [...this.#groups.values()].every(({ listens }) => listens);
  }

  /** A worker has stopped accepting from this socket. */
  released(worker: WorkerHandle, key: string, index: number): void {
    const borrowed = this.#releasing?.sockets.get(worker);
    for (const lent of borrowed ?? []) if (lent.key === key && lent.index === index) borrowed?.delete(lent);
    this.#checkReleased();
  }

  closeAllBut(used: ReadonlySet<string>): void {
    for (const [key, { sockets }] of this.#groups) {
      if (used.has(key)) continue;
      this.#groups.delete(key);
      this.#close(key, sockets.entries());
    }
    for (const [key, sockets] of this.#inherited) {
      if (used.has(key)) continue;
      this.#inherited.delete(key);
      this.#close(key, sockets.entries());
    }
  }

  forget(worker: WorkerHandle): void {
    this.#lent.delete(worker);
    this.#releasing?.sockets.delete(worker);
    this.#checkReleased();
  }

  #lend(worker: WorkerHandle, key: string, index: number, socket: RawListener): void {
    const borrowed = this.#lent.get(worker) ?? new Set<LentSocket>();
    this.#lent.set(worker, borrowed);
    for (const lent of borrowed) if (lent.key === key && lent.index === index) return;
    const lent = { key, index };
    borrowed.add(lent);
    // Fails if the worker is out of file descriptors or exiting.
    worker.handOff.lend(key, index, socket, () => {
      borrowed.delete(lent);
      setTimeout(() => this.assign(), LEND_AGAIN_MS).unref();
    });
  }

  #checkReleased(): void {
    const { sockets, done } = this.#releasing ?? {};
    if (sockets !== undefined && [...sockets.values()].every((borrowed) => borrowed.size === 0)) done?.();
  }

  #takeAway(worker: WorkerHandle, lent: LentSocket): void {
    this.#lent.get(worker)?.delete(lent);
    worker.channel.post({ t: 'socket', ...lent, on: false });
  }

  /** Closes all sockets before reporting any, because the kernel sends new connections to those that are still open. */
  #close(key: string, sockets: Iterable<readonly [number, RawListener]>): void {
    const closed = [...sockets];
    for (const [, socket] of closed) socket.close();
    for (const [index] of closed) this.#options.onClosed(keptKey(key, index));
  }

  async #open(query: ListenQuery): Promise<GroupOutcome> {
    const open = this.#groups.get(query.key);
    if (open !== undefined) return { errno: 0, name: open.name };
    const kept = this.#inherited.get(query.key);
    this.#inherited.delete(query.key);
    const sockets = kept === undefined ? [] : [...kept.entries()].sort(([a], [b]) => a - b).map(([, socket]) => socket);
    if (sockets.length === 0) {
      const errno = probePort(query);
      if (errno !== 0) return { errno };
      const first = bindSocket({ ...query, port: query.port ?? 0 }, !this.shared);
      if (typeof first === 'number') return { errno: first };
      sockets.push(first);
    }
    const group: Group = { query, name: sockets[0] === undefined ? null : socketName(sockets[0]), sockets, listens: kept !== undefined };
    this.#groups.set(query.key, group);
    if (kept === undefined) this.#opened(group, 0);
    return { errno: 0, name: group.name };
  }

  /** Opens more sockets on the port of the first. If one fails, the others get its connections. */
  #grow(group: Group, count: number): void {
    const { query, name, sockets } = group;
    while (sockets.length < count) {
      const socket = bindSocket({ ...query, port: name?.port ?? query.port ?? 0 }, true);
      if (typeof socket === 'number') return;
      sockets.push(socket);
      this.#opened(group, sockets.length - 1);
    }
  }

  #opened({ query, name, sockets }: Group, index: number): void {
    const handle = sockets[index];
    if (handle !== undefined) this.#options.onOpened({ key: keptKey(query.key, index), handle, name });
  }
}

function nameOfAny(sockets: Iterable<RawListener>): SocketName | null {
  const [first] = sockets;
  return first === undefined ? null : socketName(first);
}

function keptKey(key: string, index: number): string {
  return `${key}#${index}`;
}

/** Binds a socket that does not share its port, to detect that the port is in use: a sharing one would join another program of the same user. */
function probePort(query: ListenQuery): number {
  if (query.port === null || query.port === 0) return 0;
  const probe = bindSocket({ ...query, port: query.port }, false);
  if (typeof probe === 'number') return probe;
  // libuv reports an error of `bind` only on the next call. `getsockname` gets it without listening, which could accept a connection.
  const errno = probe.getsockname?.({}) ?? 0;
  probe.close();
  return errno;
}
