import type { RequestListener, Server } from 'node:http';
import { errnoOf, LbError } from '../errors/lb-error.ts';
import { listenProblem } from '../errors/listen-problem.ts';
import type { PortHolder } from './port-holder.ts';

/** How long a port that another primary has given up may answer nobody. */
const RETRY_MS = 100;

export interface ListenAddress {
  /** Null for every address. */
  readonly host: string | null;
  readonly port: number;
}

interface HttpEndpointOptions {
  readonly holder: PortHolder;
  readonly serve: RequestListener;
  readonly failure: (where: ListenAddress, reason: string) => LbError;
}

/** An HTTP server that can move to another address, and keeps the old one if it can't listen there. */
export class HttpEndpoint {
  readonly #options: HttpEndpointOptions;
  #open: { readonly where: ListenAddress; readonly server: Server } | null = null;
  #wanted: ListenAddress | null = null;
  #problem: LbError | null = null;
  #retry: NodeJS.Timeout | undefined;
  #closed = false;
  /** Serializes moves: concurrent ones would close each other's servers. */
  #lastTurn: Promise<void> = Promise.resolve();

  constructor(options: HttpEndpointOptions) {
    this.#options = options;
  }

  /** The address it listens on or keeps trying; null when off. */
  get wanted(): ListenAddress | null {
    return this.#wanted;
  }

  /** Why it can't listen on `wanted`; null if it does. */
  get problem(): LbError | null {
    return this.#problem;
  }

  /** Moves to this address. If it can't listen there, throws `failure` and changes nothing. */
  move(where: ListenAddress | null): Promise<void> {
    return this.#inTurn(async () => {
      await this.#replace(where, true);
      this.#settle(where);
    });
  }

  /**
   * Like `move`, but retries until it succeeds or the address changes; reports only the first failure. Resolves after the first
   * attempt.
   */
  keepTrying(where: ListenAddress | null, failed: (error: LbError) => void): Promise<void> {
    this.#settle(where);
    return this.#attempt(where, failed);
  }

  close(): void {
    this.#closed = true;
    this.#settle(null);
    this.#shut();
  }

  /** @param failed null on a retry, which does not look for the holder of the port again */
  #attempt(where: ListenAddress | null, failed: ((error: LbError) => void) | null): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#wanted !== where) return;
      try {
        await this.#replace(where, failed !== null);
        this.#problem = null;
      } catch (thrown) {
        if (this.#wanted !== where) return;
        this.#problem ??= LbError.from(thrown);
        failed?.(this.#problem);
        this.#retry = setTimeout(() => void this.#attempt(where, null), RETRY_MS).unref();
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

  async #replace(where: ListenAddress | null, namesHolder: boolean): Promise<void> {
    const before = this.#open?.where ?? null;
    if (isSame(where, before)) return;
    // On the same port, the old and the new host can overlap, so close the old server first.
    if (where?.port === before?.port) this.#shut();
    try {
      const server = where === null ? null : await this.#listen(where, namesHolder);
      this.#shut();
      this.#serve(where, server);
    } catch (error) {
      if (before !== null && this.#open === null) this.#serve(before, await this.#listen(before, false));
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

  async #listen(where: ListenAddress, namesHolder: boolean): Promise<Server> {
    // Loaded on demand to save memory in each primary.
    const { createServer } = await import('node:http');
    const server = createServer(this.#options.serve);
    const { host, port } = where;
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen({ port, ...(host === null ? {} : { host }) }, resolve);
      });
    } catch (error) {
      const holder = namesHolder && errnoOf(error) === 'EADDRINUSE' ? await this.#options.holder({ address: host, port }).catch(() => null) : null;
      throw this.#options.failure(where, `${listenProblem(error)}${holder === null ? '' : ` by ${holder}`}`);
    }
    // A failed accept (no descriptors) must not end the process.
    server.on('error', () => {});
    return server;
  }
}

function isSame(a: ListenAddress | null, b: ListenAddress | null): boolean {
  return a?.port === b?.port && a?.host === b?.host;
}
