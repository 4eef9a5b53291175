import type { SocketName } from '../../protocol/worker.ts';
import type { RawListener } from './raw-handles.ts';

/** Keeps duplicates of an app's listening sockets outside its primary, so that the sockets outlive the primary. */
export interface SocketKeeper {
  /** Whether it keeps duplicates and accepts more. */
  readonly open: boolean;
  keep(listener: { readonly key: string; readonly handle: RawListener; readonly name: SocketName | null }): void;
  /** Asks for an unpolled duplicate, which arrives the same way as sockets inherited from an earlier primary. */
  borrow(key: string): void;
  /** Resolves when it no longer holds a duplicate of this socket. */
  drop(key: string): Promise<void>;
}
