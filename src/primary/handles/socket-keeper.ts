import type { ListenQuery, SocketName } from '../../protocol/worker.ts';
import type { RawListener } from './raw-handles.ts';

/** Keeps duplicates of an app's listening sockets outside its primary, so that the sockets outlive the primary. */
export interface SocketKeeper {
  keep(listener: { readonly key: string; readonly handle: RawListener; readonly name: SocketName | null }): void;
  /** Resolves when it no longer holds a duplicate of this socket. */
  drop(key: string): Promise<void>;
  /** Has the daemon open a port that this user may not. @returns 0 if it sent the socket, as it sends those of an earlier primary; else libuv's error number */
  bind?(query: ListenQuery): Promise<number>;
}
