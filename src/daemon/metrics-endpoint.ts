import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { LbError, messageOf } from '../errors/lb-error.ts';
import { listenProblem } from '../errors/listen-problem.ts';
import type { HostPort } from '../lifecycle/app-spec.ts';
import { EXPOSITION_TYPE } from '../metrics/exposition.ts';
import { writeFileAtomic } from '../system/atomic-file.ts';

const LISTEN_AGAIN_MS = 1_000;
const DEFAULT_HOST = '127.0.0.1';
const PATH = '/metrics';

interface Address {
  readonly host: string;
  readonly port: number;
}

interface EndpointOptions {
  /** Where it is remembered where to listen. */
  readonly file: string;
  readonly text: () => Promise<string>;
  readonly log: (message: string) => void;
  /** A daemon that remembers where to listen cannot; told once. */
  readonly failed: (message: string) => void;
}

/** Serves the metrics over TCP, and nothing else: of the control API nothing can be reached there. */
export class MetricsEndpoint {
  readonly #options: EndpointOptions;
  #where: Address | null = null;
  #server: Server | null = null;
  #retry: NodeJS.Timeout | null = null;
  /** Why it does not listen where it should. */
  #problem: string | null = null;

  constructor(options: EndpointOptions) {
    this.#options = options;
  }

  /** Listens where it did before this daemon; a port that is taken is tried again until it is free. */
  restore(): void {
    this.#where = readSaved(this.#options.file);
    if (this.#where !== null) void this.#keepTrying(this.#where, true);
  }

  /** From now on, and in later daemons; null ends it. Returns the address. @throws LbError LB_ERR_METRICS_LISTEN, and leaves things as they are. */
  async move(wanted: HostPort | null): Promise<string | null> {
    const where = addressOf(wanted);
    const before = this.#where;
    const isSame = where !== null && this.#server !== null && where.port === before?.port && where.host === before.host;
    if (!isSame) await this.#replace(where);
    await writeFileAtomic(this.#options.file, JSON.stringify({ version: 1, listen: where }));
    return where === null ? null : urlOf(where);
  }

  /** Where it serves, or would if it could; null when it is off. */
  get state(): { readonly url: string; readonly problem: string | null } | null {
    return this.#where === null ? null : { url: urlOf(this.#where), problem: this.#problem };
  }

  close(): void {
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#retry = null;
    this.#server?.close();
    this.#server?.closeAllConnections();
    this.#server = null;
  }

  async #replace(where: Address | null): Promise<void> {
    const before = this.#where;
    const wasOpen = this.#server !== null;
    // On the same port, another host may be part of what is open, or the other way round.
    if (wasOpen && where?.port === before?.port) this.close();
    try {
      const server = where === null ? null : await this.#listen(where);
      this.close();
      this.#server = server;
      this.#where = where;
      this.#problem = null;
    } catch (error) {
      if (wasOpen && before !== null) this.#server ??= await this.#listen(before);
      throw error;
    }
  }

  async #keepTrying(where: Address, isFirst: boolean): Promise<void> {
    try {
      const server = await this.#listen(where);
      if (this.#where !== where || this.#server !== null) return void server.close();
      this.#server = server;
      this.#problem = null;
    } catch (error) {
      if (isFirst) this.#options.failed(`${messageOf(error)}; it is tried again every second until it works`);
      if (this.#where !== where) return;
      this.#problem = String(LbError.from(error).details['reason'] ?? '');
      this.#retry = setTimeout(() => void this.#keepTrying(where, false), LISTEN_AGAIN_MS).unref();
    }
  }

  async #listen({ host, port }: Address): Promise<Server> {
    const server = createServer((request, response) => void this.#serve(request, response));
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen({ port, host }, resolve);
      });
    } catch (error) {
      throw new LbError('LB_ERR_METRICS_LISTEN', { where: written({ host, port }), reason: listenProblem(error) });
    }
    return server;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.on('error', () => {});
    if (request.url?.split('?')[0] !== PATH) return answer(response, 404, 'text/plain', `only ${PATH} is served here\n`);
    if (request.method !== 'GET' && request.method !== 'HEAD') return answer(response, 405, 'text/plain', 'GET only\n');
    try {
      answer(response, 200, EXPOSITION_TYPE, await this.#options.text());
    } catch (error) {
      this.#options.log(`metrics: ${messageOf(error)}`);
      answer(response, 500, 'text/plain', 'the metrics could not be collected\n');
    }
  }
}

function answer(response: ServerResponse, status: number, type: string, text: string): void {
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(text) }).end(text);
}

/** However it was written, the same place is the same address. */
const addressOf = (where: HostPort | null): Address | null => (where === null ? null : { host: where.host ?? DEFAULT_HOST, port: where.port });

const written = ({ host, port }: Address): string => `${host.includes(':') ? `[${host}]` : host}:${port}`;

const urlOf = (where: Address): string => `http://${written(where)}${PATH}`;

function readSaved(file: string): Address | null {
  try {
    const { listen } = JSON.parse(readFileSync(file, 'utf8')) as { readonly listen?: { readonly host?: unknown; readonly port?: unknown } | null };
    if (typeof listen?.port !== 'number') return null;
    return addressOf({ host: typeof listen.host === 'string' ? listen.host : null, port: listen.port });
  } catch {
    return null;
  }
}
