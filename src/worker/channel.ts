import type { FromWorker, ToWorker } from '../protocol/worker.ts';
import { MARK } from '../protocol/worker.ts';
import type { RawHandle } from './node-internals.ts';

type Body<M> = M extends unknown ? Omit<M, 'cmd'> : never;
type Receiver = (message: ToWorker, handle: RawHandle | undefined) => void;

const ignore = (): void => {};

/** The way to the primary. Sending never throws into the app: a primary that is gone is noticed by `orphan.ts`. */
export interface Channel {
  send(message: Body<FromWorker>, handle?: RawHandle): void;
  onMessage(receiver: Receiver): void;
}

export function openChannel(): Channel {
  // The app may replace process.send later.
  const send = process.send?.bind(process) as ((message: object, handle: unknown, options: object, done: (error: Error | null) => void) => boolean) | undefined;
  return {
    send(message, handle) {
      if (send === undefined || !process.connected) {
        handle?.close();
        return;
      }
      send({ cmd: MARK, ...message }, handle, {}, handle === undefined ? ignore : () => handle.close());
    },
    onMessage(receiver) {
      process.on('internalMessage' as 'message', (message: unknown, handle: unknown) => {
        if ((message as { cmd?: unknown } | null)?.cmd !== MARK) return;
        receiver(message as ToWorker, handle as RawHandle | undefined);
      });
    },
  };
}
