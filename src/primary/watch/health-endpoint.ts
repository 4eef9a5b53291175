import type { Server, ServerResponse } from 'node:http';
import { LbError } from '../../errors/lb-error.ts';
import { listenProblem } from '../../errors/listen-problem.ts';
import type { HostPort } from '../../lifecycle/app-spec.ts';

/** What `/ready` answers from. */
export interface ReadyFacts {
  readonly app: string;
  readonly ready: number;
  readonly instances: number;
  readonly readyMin: number;
  /** The app is being stopped. */
  readonly stopping: boolean;
}

const LISTEN_AGAIN_MS = 1_000;

/** Answers `/live` and `/ready` for a balancer in front of the machine, on a port of its own. */
export class HealthEndpoint {
  readonly #facts: () => ReadyFacts;
  #where: HostPort | null = null;
  #server: Server | null = null;
  #retry: NodeJS.Timeout | null = null;

  constructor(facts: () => ReadyFacts) {
    this.#facts = facts;
  }

  /** Listens there from now on, and nowhere else; on an error things stay as they are. @throws LbError LB_ERR_HEALTH_PORT */
  async move(where: HostPort | null): Promise<void> {
    if (where?.port === this.#where?.port && where?.host === this.#where?.host && (where === null || this.#server !== null)) return;
    const before = this.#where;
    // On the same port, another host may be part of what is open, or the other way round.
    if (where?.port === before?.port) this.close();
    try {
      const server = where === null ? null : await this.#listen(where);
      this.close();
      this.#where = where;
      this.#server = server;
    } catch (error) {
      if (before !== null) this.#server ??= await this.#listen(before);
      throw error;
    }
  }

  /** As `move`, where nobody waits for it: tries until it succeeds, or is to be somewhere else. */
  async keepTrying(where: HostPort | null, failed: (error: LbError) => void): Promise<void> {
    if (this.#retry !== null) clearTimeout(this.#retry);
    try {
      await this.move(where);
    } catch (error) {
      failed(LbError.from(error));
      this.#retry = setTimeout(() => void this.keepTrying(where, () => {}), LISTEN_AGAIN_MS);
      this.#retry.unref();
    }
  }

  close(): void {
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#server?.close();
    this.#server?.closeAllConnections();
    this.#server = null;
  }

  async #listen({ host, port }: HostPort): Promise<Server> {
    // Loaded only where it is used: it costs each primary memory.
    const { createServer } = await import('node:http');
    const server = createServer((request, response) => this.#answer(request.url ?? '', response));
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen({ port, ...(host === null ? {} : { host }) }, resolve);
      });
      // Out of descriptors for one connection: no reason to end the primary.
      server.on('error', () => {});
    } catch (error) {
      throw new LbError('LB_ERR_HEALTH_PORT', {
        app: this.#facts().app,
        where: host === null ? String(port) : `${host}:${port}`,
        reason: listenProblem(error),
      });
    }
    return server;
  }

  #answer(url: string, response: ServerResponse): void {
    const path = url.split('?')[0];
    const facts = this.#facts();
    if (path === '/live') send(response, 200, { status: 'live', app: facts.app });
    else if (path === '/ready')
      send(response, isReady(facts) ? 200 : 503, { status: isReady(facts) ? 'ready' : facts.stopping ? 'stopping' : 'not ready', ...shown(facts) });
    else send(response, 404, { status: 'unknown path', paths: ['/live', '/ready'] });
  }
}

/** Whether the app should get traffic from outside. */
export const isReady = ({ ready, readyMin, stopping }: ReadyFacts): boolean => !stopping && ready >= readyMin;

const shown = ({ app, ready, instances, readyMin }: ReadyFacts): object => ({ app, ready, instances, ready_min: readyMin });

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' }).end(`${JSON.stringify(body)}\n`);
}
