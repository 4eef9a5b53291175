import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { lastAnswer } from './last-answer.ts';
import type { Traffic } from './traffic.ts';

/** An order is carried out over this time: clients that came back all at once would find every worker busy taking one. */
const OVER_MS = 1_000;

/**
 * Ends some of the kept HTTP/1 connections, each with an answer, so that their clients connect anew and find another
 * worker. One that is idle stays: closing it could cross its client's next request.
 */
export class Shedding {
  readonly #traffic: Traffic;
  #left = 0;
  #everyMs = 0;
  #nextAt = 0;
  /** A request that was sent in a pipeline behind the last one is answered too. */
  readonly #ending = new Set<Socket>();

  constructor(traffic: Traffic) {
    this.#traffic = traffic;
  }

  /** @param count takes the place of what is left of an earlier order. */
  order(count: number): void {
    // While the worker drains, all of them end.
    if (this.#traffic.onRequest !== null && this.#traffic.onRequest !== this.#end) return;
    this.#left = count;
    this.#everyMs = OVER_MS / count;
    this.#nextAt = 0;
    for (const [item] of this.#traffic.inFlight()) if ('shouldKeepAlive' in item) this.#end(item);
    this.#traffic.onRequest = this.#end;
    this.#rest();
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
        this.#rest();
      });
    }
    lastAnswer(response);
  };

  /** Without anything to end, no request costs a call. */
  #rest(): void {
    if (this.#left === 0 && this.#ending.size === 0 && this.#traffic.onRequest === this.#end) this.#traffic.onRequest = null;
  }
}
