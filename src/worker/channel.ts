import { attempt, Malformed } from '../protocol/parser.ts';
import { parseToWorker } from '../protocol/parse-to-worker.ts';
import { MARK, type FromWorker, type ToWorker, type Unmarked } from '../protocol/worker.ts';
import type { RawHandle } from './node-internals.ts';

type Receiver = (message: ToWorker, handle: RawHandle | undefined) => void;

const ignore = (): void => {};

/** The way to the primary. Sending never throws into the app: a primary that is gone is noticed by `orphan.ts`. */
export interface Channel {
  send(message: Unmarked<FromWorker>, handle?: RawHandle): void;
  onMessage(receiver: Receiver): void;
}

export function openChannel(): Channel {
  // The app may replace process.send later.
  const post = process.send?.bind(process) as ((message: object, handle: unknown, options: object, done: (error: Error | null) => void) => boolean) | undefined;
  const send: Channel['send'] = (message, handle) => {
    if (post === undefined || !process.connected) {
      handle?.close();
      return;
    }
    post({ cmd: MARK, ...message }, handle, {}, handle === undefined ? ignore : () => handle.close());
  };
  return {
    send,
    onMessage(receiver) {
      process.on('internalMessage' as 'message', (raw: unknown, handle: RawHandle | undefined) => {
        if ((raw as { cmd?: unknown } | null)?.cmd !== MARK) return;
        const message = attempt(() => parseToWorker(raw));
        if (!(message instanceof Malformed)) return receiver(message, handle);
        handle?.close();
        send({ t: 'malformed', field: message.path, problem: message.message });
      });
    },
  };
}
