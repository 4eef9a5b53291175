import type { SocketName } from '../../protocol/worker.ts';
import type { RawListener } from './raw-handles.ts';

/** Holds duplicates of an app's listening sockets outside of its primary, so that they outlive it. */
export interface SocketKeeper {
  /** It holds duplicates, and takes more. */
  readonly open: boolean;
  keep(listener: { readonly key: string; readonly handle: RawListener; readonly name: SocketName | null }): void;
  /** Asks for a duplicate that is not polled, which arrives like those of an earlier primary. */
  borrow(key: string): void;
  /** Resolves when it holds no duplicate of this socket. */
  drop(key: string): Promise<void>;
}
