import type { RequestListener, Server } from 'node:http';
import { LbError } from '../errors/lb-error.ts';
import { listenProblem } from '../errors/listen-problem.ts';

const RETRY_MS = 1_000;

export interface ListenAddress {
  /** Null is every address. */
  readonly host: string | null;
  readonly port: number;
}

interface HttpEndpointOptions {
  readonly serve: RequestListener;
  readonly failure: (where: ListenAddress, reason: string) => LbError;
}

/** An HTTP server that can move to another address, and stays where it is when it cannot listen there. */
export class HttpEndpoint {
  readonly #options: HttpEndpointOptions;
  #open: { readonly where: ListenAddress; readonly server: Server } | null = null;
  #wanted: ListenAddress | null = null;
  #problem: LbError | null = null;
  #retry: NodeJS.Timeout | undefined;
  #closed = false;
  /** Two moves at once would each close what the other opened. */
  #lastTurn: Promise<void> = Promise.resolve();

  constructor(options: HttpEndpointOptions) {
    this.#options = options;
  }

  /** Where it listens, or keeps trying to; null when it is off. */
  get wanted(): ListenAddress | null {
    return this.#wanted;
  }

  /** Why it does not listen there. */
  get problem(): LbError | null {
    return this.#problem;
  }

  /** Listens there from now on, and nowhere else. Throws the `failure` and leaves things as they are when it cannot. */
  move(where: ListenAddress | null): Promise<void> {
    return this.#inTurn(async () => {
      await this.#replace(where);
      this.#settle(where);
    });
  }

  /** As `move`, but tries again until it succeeds or is wanted elsewhere; reports the first failure. Resolves after the first attempt. */
  keepTrying(where: ListenAddress | null, failed: (error: LbError) => void): Promise<void> {
    this.#settle(where);
    return this.#attempt(where, failed);
  }

  close(): void {
    this.#closed = true;
    this.#settle(null);
    this.#shut();
  }

  #attempt(where: ListenAddress | null, failed: (error: LbError) => void): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#wanted !== where) return;
      try {
        await this.#replace(where);
        this.#problem = null;
      } catch (thrown) {
        if (this.#wanted !== where) return;
        this.#problem = LbError.from(thrown);
        failed(this.#problem);
        this.#retry = setTimeout(() => void this.#attempt(where, () => {}), RETRY_MS).unref();
      }
    });
  }

  #settle(where: ListenAddress | null): void {
    clearTimeout(this.#retry);
    this.#wanted = where;
    this.#problem = null;
  }

  #inTurn(action: () => Promise<void>): Promise<void> {
    const turn = this.#lastTurn.then(action);
    this.#lastTurn = turn.catch(() => {});
    return turn;
  }

  async #replace(where: ListenAddress | null): Promise<void> {
    const before = this.#open?.where ?? null;
    if (isSame(where, before)) return;
    // On the same port, another host may be part of what is open, or the other way round.
    if (where?.port === before?.port) this.#shut();
    try {
      const server = where === null ? null : await this.#listen(where);
      this.#shut();
      this.#serve(where, server);
    } catch (error) {
      if (before !== null && this.#open === null) this.#serve(before, await this.#listen(before));
      throw error;
    }
  }

  #serve(where: ListenAddress | null, server: Server | null): void {
    if (this.#closed) server?.close();
    else this.#open = where === null || server === null ? null : { where, server };
  }

  #shut(): void {
    this.#open?.server.close();
    this.#open?.server.closeAllConnections();
    this.#open = null;
  }

  async #listen(where: ListenAddress): Promise<Server> {
    // Loaded when it is used: it costs each primary memory.
    const { createServer } = await import('node:http');
    const server = createServer(this.#options.serve);
    const { host, port } = where;
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen({ port, ...(host === null ? {} : { host }) }, resolve);
      });
    } catch (error) {
      throw this.#options.failure(where, listenProblem(error));
    }
    // Out of descriptors for one connection: no reason to end the process.
    server.on('error', () => {});
    return server;
  }
}

function isSame(a: ListenAddress | null, b: ListenAddress | null): boolean {
  return a?.port === b?.port && a?.host === b?.host;
}
