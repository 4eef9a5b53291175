/** What becomes of a handle that was sent to a worker. */
export interface SentHandle {
  taken(): void;
  /** The worker is out of file descriptors, or the channel closed. */
  lost(): void;
}

/** What becomes of a probe: as of any handle, and it may still be given back after it was taken. */
export interface ProbeOutcome extends SentHandle {
  refused(): void;
}

interface Sender {
  send(message: unknown, handle?: unknown, ...rest: unknown[]): boolean;
}

/**
 * The handles that are on their way to one worker. Node acknowledges each (`NODE_HANDLE_ACK`), in the order in which they
 * were sent, without saying which; so this notes all that go through the channel, those of Node's own cluster (UDP) too.
 */
export class HandleLedger {
  readonly #inFlight: (SentHandle | null)[] = [];
  readonly #send: Sender['send'];

  constructor(channel: Sender) {
    this.#send = channel.send.bind(channel);
    channel.send = (message, handle, ...rest) => {
      if (isHandle(handle)) this.#inFlight.push(null);
      return this.#send(message, handle, ...rest);
    };
  }

  send(message: object, handle: unknown, sent: SentHandle): void {
    this.#inFlight.push(sent);
    this.#send(message, handle, (error: Error | null) => {
      const at = error === null ? -1 : this.#inFlight.indexOf(sent);
      if (at < 0) return;
      this.#inFlight.splice(at, 1);
      sent.lost();
    });
  }

  acknowledged(): void {
    this.#inFlight.shift()?.taken();
  }

  refused(): void {
    this.#inFlight.shift()?.lost();
  }

  /** The worker is gone: nothing will be acknowledged any more. */
  abandon(): void {
    for (const sent of this.#inFlight.splice(0)) sent?.lost();
  }
}

const isHandle = (value: unknown): boolean => typeof value === 'object' && value !== null;
