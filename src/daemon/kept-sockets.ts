import type { NamedSocket, SocketId } from '../protocol/attach.ts';

const MOST_SOCKETS = 1_024;

/** A duplicate of a listening socket: held, never polled, so the daemon accepts nothing. */
export interface KeptSocket extends NamedSocket {
  readonly handle: { close(): void };
}

/** The listening sockets that the daemon holds for one primary, so that they outlive it. */
export class KeptSockets {
  readonly #sockets = new Map<string, KeptSocket>();

  get all(): readonly KeptSocket[] {
    return [...this.#sockets.values()];
  }

  get(id: SocketId): KeptSocket | undefined {
    return this.#sockets.get(idOf(id));
  }

  /** A primary that sends more than any app has does not use up the descriptors of the daemon. */
  hasRoom(id: SocketId): boolean {
    return this.#sockets.size < MOST_SOCKETS || this.get(id) !== undefined;
  }

  /** Takes the place of an older duplicate. */
  keep(socket: KeptSocket): void {
    this.drop(socket);
    this.#sockets.set(idOf(socket), socket);
  }

  drop(id: SocketId): void {
    this.#sockets.get(idOf(id))?.handle.close();
    this.#sockets.delete(idOf(id));
  }

  close(): void {
    for (const socket of this.all) this.drop(socket);
  }

  /** Frees the ports of an app. */
  dropAll(app: string): void {
    for (const socket of this.all) if (socket.app === app) this.drop(socket);
  }
}

/** Unique among the sockets of all apps. */
export const idOf = ({ app, key }: SocketId): string => `${app}\n${key}`;
