import type { OutputOrigin, SpawnChannelMessage } from '../../protocol/attach.ts';
import { parseSpawnChannelMessage } from '../../protocol/parse-spawn-channel.ts';
import { attempt, Malformed } from '../../protocol/parser.ts';
import type { SocketName } from '../../protocol/worker.ts';
import { discardHandle } from '../../system/discard-handle.ts';
import type { OutputKeeper } from '../handles/output-keeper.ts';
import type { RawListener } from '../handles/raw-handles.ts';
import type { SocketKeeper } from '../handles/socket-keeper.ts';

/** A daemon that hangs does not answer. */
const DROPPED_WITHIN_MS = 500;

/** Node's types do not allow raw handles. */
interface HandleChannel {
  send?(message: object, handle: unknown, options: undefined, done: () => void): boolean;
}

type Receive = (app: string, key: string, handle: RawListener, name: SocketName | null) => void;

/**
 * The IPC channel to the daemon that spawned this primary. Carries listening handles, and the pipes to which workers print; gone for
 * good when that daemon dies.
 */
export class SpawnChannel {
  readonly #keepers = new Map<string, AppKeeper>();

  /** What keeps the sockets and the output of this app. */
  keeperOf(app: string): SocketKeeper & OutputKeeper {
    const keeper = this.#keepers.get(app) ?? new AppKeeper(app);
    this.#keepers.set(app, keeper);
    return keeper;
  }

  /** Resolves when the kept sockets have arrived; later ones were asked for with `borrow`. */
  receive(count: number, onSocket: Receive, onMalformed: (problem: Malformed) => void): Promise<void> {
    if (process.send === undefined) return Promise.resolve();
    return new Promise((resolve) => {
      let left = count;
      process.on('message', (raw: unknown, handle: unknown) => {
        const parsed = attempt(() => parseSpawnChannelMessage(raw, handle));
        if (parsed instanceof Malformed) {
          discardHandle(handle);
          onMalformed(parsed);
        } else {
          const [message, { socket }] = parsed;
          if (message.lb === 'dropped') return this.#keepers.get(message.app)?.dropped(message.key);
          if (message.lb !== 'keep' || socket === null) return;
          onSocket(message.app, message.key, socket, message.name);
        }
        // A malformed one is not sent again.
        left--;
        if (left === 0) resolve();
      });
      process.once('disconnect', () => {
        for (const keeper of this.#keepers.values()) keeper.closed();
        resolve();
      });
      if (count === 0) resolve();
    });
  }
}

/** The duplicates of one app's sockets and pipes in the daemon. */
class AppKeeper implements SocketKeeper, OutputKeeper {
  readonly #app: string;
  readonly #dropping = new Map<string, { readonly done: () => void; readonly dropped: Promise<void> }>();

  constructor(app: string) {
    this.#app = app;
  }

  get open(): boolean {
    return process.connected;
  }

  borrow(key: string): void {
    this.#send({ lb: 'lend', app: this.#app, key });
  }

  keep({ key, handle, name }: { readonly key: string; readonly handle: RawListener; readonly name: SocketName | null }): void {
    this.#send({ lb: 'keep', app: this.#app, key, name }, handle);
  }

  drop(key: string): Promise<void> {
    if (!this.open) return Promise.resolve();
    const under = this.#dropping.get(key);
    if (under !== undefined) return under.dropped;
    let done = (): void => {};
    const dropped = new Promise<void>((resolve) => (done = resolve));
    const timer = setTimeout(() => done(), DROPPED_WITHIN_MS);
    this.#dropping.set(key, { done, dropped });
    this.#send({ lb: 'drop', app: this.#app, key });
    return dropped.finally(() => {
      clearTimeout(timer);
      this.#dropping.delete(key);
    });
  }

  keepOutput({ slot, pid, stream }: OutputOrigin, handle: object): void {
    this.#send({ lb: 'keep-output', app: this.#app, key: outputKey(pid, stream), origin: { slot, pid, stream } }, handle);
  }

  dropOutput({ pid, stream }: OutputOrigin): void {
    this.#send({ lb: 'drop-output', app: this.#app, key: outputKey(pid, stream) });
  }

  /** The daemon has closed its duplicate. */
  dropped(key: string): void {
    this.#dropping.get(key)?.done();
  }

  /** The daemon is gone, and its duplicates with it. */
  closed(): void {
    for (const { done } of [...this.#dropping.values()]) done();
  }

  #send(message: SpawnChannelMessage, handle?: object): void {
    if (!this.open) return;
    const channel: HandleChannel = process;
    channel.send?.(message, handle, undefined, () => {});
  }
}

const outputKey = (pid: number, stream: OutputOrigin['stream']): string => `${pid} ${stream}`;
