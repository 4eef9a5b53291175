import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { errnoOf, LbError, messageOf } from '../errors/lb-error.ts';
import type { HostPort } from '../lifecycle/app-spec.ts';
import { EXPOSITION_TYPE } from '../metrics/exposition.ts';
import { writeFileAtomic } from '../system/atomic-file.ts';

const LISTEN_AGAIN_MS = 1_000;
const DEFAULT_HOST = '127.0.0.1';
const PATH = '/metrics';

interface EndpointOptions {
  /** Where it is remembered where to listen. */
  readonly file: string;
  readonly text: () => Promise<string>;
  readonly log: (message: string) => void;
}

/** Serves the metrics over TCP, and nothing else: of the control API nothing can be reached there. */
export class MetricsEndpoint {
  readonly #options: EndpointOptions;
  #where: HostPort | null = null;
  #server: Server | null = null;
  #retry: NodeJS.Timeout | null = null;

  constructor(options: EndpointOptions) {
    this.#options = options;
  }

  /** Listens where it did before this daemon; a port that is taken is tried again until it is free. */
  restore(): void {
    this.#where = readSaved(this.#options.file);
    if (this.#where !== null) void this.#keepTrying(this.#where, true);
  }

  /** From now on, and in later daemons; null ends it. Returns the address. @throws LbError LB_ERR_METRICS_LISTEN, and leaves things as they are. */
  async move(where: HostPort | null): Promise<string | null> {
    const isSame = where !== null && this.#server !== null && where.port === this.#where?.port && where.host === this.#where.host;
    if (!isSame) {
      const server = where === null ? null : await this.#listen(where);
      this.close();
      this.#server = server;
      this.#where = where;
    }
    await writeFileAtomic(this.#options.file, JSON.stringify({ version: 1, listen: where }));
    return where === null ? null : urlOf(where);
  }

  close(): void {
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#retry = null;
    this.#server?.close();
    this.#server?.closeAllConnections();
    this.#server = null;
  }

  async #keepTrying(where: HostPort, isFirst: boolean): Promise<void> {
    try {
      const server = await this.#listen(where);
      if (this.#where === where && this.#server === null) this.#server = server;
      else server.close();
    } catch (error) {
      if (isFirst) this.#options.log(`${messageOf(error)}; it is tried again until it works`);
      if (this.#where === where) this.#retry = setTimeout(() => void this.#keepTrying(where, false), LISTEN_AGAIN_MS).unref();
    }
  }

  async #listen(where: HostPort): Promise<Server> {
    const server = createServer((request, response) => void this.#serve(request, response));
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen({ port: where.port, host: where.host ?? DEFAULT_HOST }, resolve);
      });
    } catch (error) {
      const reason = errnoOf(error) === 'EADDRINUSE' ? 'the port is in use' : messageOf(error);
      throw new LbError('LB_ERR_METRICS_LISTEN', { where: `${where.host ?? DEFAULT_HOST}:${where.port}`, reason });
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

function urlOf({ host, port }: HostPort): string {
  const name = host ?? DEFAULT_HOST;
  return `http://${name.includes(':') ? `[${name}]` : name}:${port}${PATH}`;
}

function readSaved(file: string): HostPort | null {
  try {
    const { listen } = JSON.parse(readFileSync(file, 'utf8')) as { readonly listen?: { readonly host?: unknown; readonly port?: unknown } | null };
    if (typeof listen?.port !== 'number') return null;
    return { host: typeof listen.host === 'string' ? listen.host : null, port: listen.port };
  } catch {
    return null;
  }
}
