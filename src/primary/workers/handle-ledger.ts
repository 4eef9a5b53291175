import type { SentHandle } from './worker-process.ts';

interface Channel {
  // Node's own signature knows no raw handles.
  send(message: object, handle?: unknown, ...rest: unknown[]): boolean;
}

/**
 * The handles that are on their way to one worker. Node acknowledges each (`NODE_HANDLE_ACK`), in the order in which they
 * were sent, without saying which; so this notes all that go through the channel, those of Node's own cluster (UDP) too.
 */
export class HandleLedger {
  readonly #inFlight: (SentHandle | null)[] = [];
  readonly #send: Channel['send'];

  constructor(child: object) {
    const channel = child as Channel;
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

  /** @returns whether this internal message of Node's was about a handle. */
  acknowledge(message: unknown): boolean {
    const cmd = typeof message === 'object' && message !== null && 'cmd' in message ? message.cmd : undefined;
    if (cmd === 'NODE_HANDLE_ACK') this.#inFlight.shift()?.taken();
    // The worker is out of file descriptors.
    else if (cmd === 'NODE_HANDLE_NACK') this.#inFlight.shift()?.lost();
    else return false;
    return true;
  }

  /** The worker is gone: no acknowledgement will come. */
  abandon(): void {
    for (const sent of this.#inFlight.splice(0)) sent?.lost();
  }
}

const isHandle = (value: unknown): boolean => typeof value === 'object' && value !== null;
