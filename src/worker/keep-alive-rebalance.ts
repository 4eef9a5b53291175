import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { lastAnswer } from './last-answer.ts';
import type { Traffic } from './traffic.ts';

/** An order is spread over this time. Otherwise all clients would reconnect at once, and every worker would be busy accepting. */
const OVER_MS = 1_000;

/**
 * Closes some of the HTTP/1 keep-alive connections, each after a response, so that their clients reconnect and reach another
 * worker. Idle connections stay open, because closing one could race with its client's next request.
 */
export class KeepAliveRebalance {
  readonly #traffic: Traffic;
  #left = 0;
  #everyMs = 0;
  #nextAt = 0;
  /** Connections that are about to close. Requests that are already pipelined on them are still answered. */
  readonly #ending = new Set<Socket>();

  constructor(traffic: Traffic) {
    this.#traffic = traffic;
  }

  /** Closes `count` connections. Replaces what is left of an earlier order. */
  order(count: number): void {
    // While the worker drains, all connections close anyway.
    if (this.#traffic.servers.onRequest !== null && this.#traffic.servers.onRequest !== this.#end) return;
    this.#left = count;
    this.#everyMs = OVER_MS / count;
    this.#nextAt = 0;
    for (const [item] of this.#traffic.inFlight()) if ('shouldKeepAlive' in item) this.#end(item);
    this.#traffic.servers.onRequest = this.#end;
    this.#unhookIfDone();
  }

  readonly #end = (response: ServerResponse): void => {
    const { socket } = response.req;
    if (!this.#ending.has(socket)) {
      if (this.#left === 0 || response.headersSent || !response.shouldKeepAlive) return;
      const now = performance.now();
      if (now < this.#nextAt) return;
      this.#nextAt = now + this.#everyMs;
      this.#left--;
      this.#ending.add(socket);
      socket.once('close', () => {
        this.#ending.delete(socket);
        this.#unhookIfDone();
      });
    }
    lastAnswer(response);
  };

  /** Removes the hook when there is nothing left to close, so that it costs requests nothing. */
  #unhookIfDone(): void {
    if (this.#left === 0 && this.#ending.size === 0 && this.#traffic.servers.onRequest === this.#end) this.#traffic.servers.onRequest = null;
  }
}
