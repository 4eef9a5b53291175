import type { ListenQuery, SocketName } from '../../protocol/worker.ts';
import type { HeldSocket } from '../handles/handle-keeper.ts';
import type { RawListener } from '../handles/raw-handles.ts';
import { isAt, queryOf } from './listener-name.ts';

/** Sockets that were opened elsewhere, from the daemon: by an earlier primary, or another supervisor. Not polled until a worker asks for them. */
export class InheritedSockets {
  readonly #sockets = new Map<string, Omit<HeldSocket, 'key'>>();
  readonly #renamed: (socket: HeldSocket, before: string) => void;

  /** @param renamed a socket was taken under another key than that under which it came */
  constructor(renamed: (socket: HeldSocket, before: string) => void) {
    this.#renamed = renamed;
  }

  get all(): readonly HeldSocket[] {
    return [...this.#sockets].map(([key, socket]) => ({ key, ...socket }));
  }

  /** With their addresses. */
  get named(): readonly (Omit<HeldSocket, 'handle'> & { readonly query: ReturnType<typeof queryOf> })[] {
    return this.all.map(({ key, name }) => ({ key, query: queryOf(key), name }));
  }

  add(key: string, handle: RawListener, name: SocketName | null): void {
    this.#sockets.get(key)?.handle.close();
    this.#sockets.set(key, { handle, name });
  }

  /** Gives away the socket under this key; else one at this address, which was opened by another supervisor, or asked for in other words. */
  take(query: ListenQuery): HeldSocket | null {
    const { key } = query;
    const found = this.#sockets.has(key) ? key : this.all.find(({ name }) => isAt(query, name))?.key;
    const socket = found === undefined ? null : this.remove(found);
    if (socket === null) return null;
    if (socket.key !== key) this.#renamed({ ...socket, key }, socket.key);
    return { ...socket, key };
  }

  remove(key: string): HeldSocket | null {
    const socket = this.#sockets.get(key);
    this.#sockets.delete(key);
    return socket === undefined ? null : { key, ...socket };
  }

  clear(): void {
    this.#sockets.clear();
  }
}
