import type { SentHandle } from './worker-process.ts';

interface Channel {
  // Node's types do not allow raw handles.
  send(message: object, handle?: unknown, ...rest: unknown[]): boolean;
}

/**
 * Tracks the handles in transit to one worker. Node acknowledges them in the order in which they were sent
 * (`NODE_HANDLE_ACK`), but does not name them. So this records every handle on the channel, including those that Node's own
 * cluster sends (UDP).
 */
export class HandleLedger {
  readonly #inFlight: (SentHandle | null)[] = [];
  readonly #send: Channel['send'];

  constructor(channel: Channel) {
    this.#send = channel.send.bind(channel);
    channel.send = (message, handle, ...rest) => {
      if (isHandle(handle)) this.#inFlight.push(null);
      return this.#send(message, handle, ...rest);
    };
  }

  send(message: object, handle: object, sent: SentHandle): void {
    this.#inFlight.push(sent);
    this.#send(message, handle, (error: Error | null) => {
      const at = error === null ? -1 : this.#inFlight.indexOf(sent);
      if (at < 0) return;
      this.#inFlight.splice(at, 1);
      sent.lost();
    });
  }

  /** @returns whether this internal message was an acknowledgement of a handle. */
  acknowledge(message: unknown): boolean {
    const cmd = typeof message === 'object' && message !== null && 'cmd' in message ? message.cmd : undefined;
    if (cmd === 'NODE_HANDLE_ACK') this.#inFlight.shift()?.taken();
    // Sent when the worker is out of file descriptors.
    else if (cmd === 'NODE_HANDLE_NACK') this.#inFlight.shift()?.lost();
    else return false;
    return true;
  }

  /** Reports all handles in transit as lost: the worker has exited, so they will not be acknowledged. */
  abandon(): void {
    for (const sent of this.#inFlight.splice(0)) sent?.lost();
  }
}

const isHandle = (value: unknown): boolean => typeof value === 'object' && value !== null;
