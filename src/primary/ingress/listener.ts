import type { ListenAddress } from '../../lifecycle/fixed-listener.ts';
import type { ListenQuery, SocketName } from '../../protocol/worker.ts';
import type { RawListener } from '../handles/raw-handles.ts';

export interface Listener {
  readonly key: string;
  readonly query: ListenQuery;
  handle: RawListener;
  readonly name: SocketName | null;
  /** Readable address: `*:3000`, `/run/app.sock`. */
  readonly label: string;
  /**
   * `paused`: not polled here, so new connections wait in the kernel's queue, or workers accept them. `handed-down`: commands inherit it
   * and accept by themselves, so that it is neither polled nor lent.
   */
  mode: 'accepting' | 'pausing' | 'paused' | 'handed-down';
  /** A bound socket refuses connections until somebody accepts from it. */
  listens: boolean;
  /** Another handle of this socket, unpolled, for the next pause. */
  spare: Promise<RawListener | null> | null;
}

export type ListenOutcome = { readonly errno: 0; readonly listener: Listener } | { readonly errno: number; readonly listener: null };

/** Closing the bound handle of a Unix socket removes its file, so clients could no longer connect. */
export const canBeUnpolled = ({ addressType }: ListenAddress): boolean => addressType !== -1;

export function closeSpare(listener: Listener): void {
  const { spare } = listener;
  listener.spare = null;
  void spare?.then((handle) => handle?.close());
}

export function refusal(error: unknown): ListenOutcome {
  const errno = error instanceof Error && 'errno' in error ? error.errno : undefined;
  return { errno: typeof errno === 'number' && errno !== 0 ? errno : -22, listener: null };
}
