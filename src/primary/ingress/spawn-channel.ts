import type { SpawnChannelMessage } from '../../protocol/attach.ts';
import { parseSpawnChannelMessage } from '../../protocol/parse-spawn-channel.ts';
import { attempt, Malformed } from '../../protocol/parser.ts';
import type { SocketName } from '../../protocol/worker.ts';
import { discardHandle } from '../../system/discard-handle.ts';
import type { RawListener } from '../handles/raw-handles.ts';
import type { SocketKeeper } from '../handles/socket-keeper.ts';

/** A daemon of an older version does not answer. */
const DROPPED_WITHIN_MS = 500;

type Receive = (key: string, handle: RawListener, name: SocketName | null) => void;

/** The IPC channel to the daemon that spawned this primary. Carries listening handles and nothing else; gone for good when that daemon dies. */
export class SpawnChannel implements SocketKeeper {
  readonly #dropping = new Map<string, { readonly done: () => void; readonly dropped: Promise<void> }>();

  /** The daemon holds duplicates of the listening sockets. */
  get open(): boolean {
    return process.connected;
  }

  /** Resolves when the handles that were kept for this app have arrived; later ones were asked for with `borrow`. */
  receive(count: number, onSocket: Receive, onMalformed: (problem: Malformed) => void): Promise<void> {
    if (process.send === undefined) return Promise.resolve();
    return new Promise((resolve) => {
      let left = count;
      process.on('message', (raw: unknown, handle: unknown) => {
        const message = attempt(() => parseSpawnChannelMessage(raw, handle));
        if (message instanceof Malformed) {
          discardHandle(handle);
          onMalformed(message);
        } else if (message.lb === 'dropped') return this.#dropping.get(message.key)?.done();
        else if (message.lb !== 'keep') return;
        else onSocket(message.key, handle as RawListener, message.name);
        // A kept one that cannot be read does not come again.
        left--;
        if (left === 0) resolve();
      });
      process.once('disconnect', () => {
        for (const { done } of [...this.#dropping.values()]) done();
        resolve();
      });
      if (count === 0) resolve();
    });
  }

  /** Asks for a duplicate of a socket that the daemon keeps; it comes through `receive`. */
  borrow(key: string): void {
    this.#send({ lb: 'lend', key });
  }

  keep(listener: { readonly key: string; readonly handle: RawListener; readonly name: SocketName | null }): void {
    this.#send({ lb: 'keep', key: listener.key, name: listener.name }, listener.handle);
  }

  /** Resolves when the daemon holds no duplicate of this socket any more. */
  drop(key: string): Promise<void> {
    if (!this.open) return Promise.resolve();
    const under = this.#dropping.get(key);
    if (under !== undefined) return under.dropped;
    let done = (): void => {};
    const dropped = new Promise<void>((resolve) => (done = resolve));
    const timer = setTimeout(() => done(), DROPPED_WITHIN_MS);
    this.#dropping.set(key, { done, dropped });
    this.#send({ lb: 'drop', key });
    return dropped.finally(() => {
      clearTimeout(timer);
      this.#dropping.delete(key);
    });
  }

  #send(message: SpawnChannelMessage, handle?: RawListener): void {
    if (this.open) process.send?.(message, handle as never, undefined, () => {});
  }
}
