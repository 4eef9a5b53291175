import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { LbError } from '../errors/lb-error.ts';
import { nameInPath, normalName } from '../lifecycle/app-name.ts';
import { isForNeighbours, type StreamRecord } from '../protocol/control.ts';
import { ndjson } from '../protocol/ndjson.ts';
import { CONTROL_PROTOCOL, isNextTo } from '../protocol/version.ts';
import { listenPrivately } from '../system/listen-privately.ts';
import { RequestBodies } from './request-body.ts';
import type { RouteAnswer, RouteRequest } from './routes.ts';

const APP_PATH = /^\/v1\/apps\/([^/]+)(\/[a-z]+)?$/;

type Handler = (request: RouteRequest) => Promise<RouteAnswer> | RouteAnswer;

interface ControlServerOptions {
  readonly version: string;
  readonly routes: ReadonlyMap<string, Handler>;
  readonly log: (message: string) => void;
  /** Serves a WebSocket on `/v1/logs`, `/v1/events` or `/v1/stats`; false for any other path. */
  readonly onWebSocket: (request: IncomingMessage, socket: Socket, head: Buffer, url: URL) => Promise<boolean>;
}

/** Closes a socket; connections that are open stay if wanted. */
export type StopListening = (keepConnections?: boolean) => void;

/** The daemon's HTTP server on its Unix sockets. */
export class ControlServer {
  readonly #options: ControlServerOptions;
  readonly #bodies = new RequestBodies();
  #operations = 0;

  constructor(options: ControlServerOptions) {
    this.#options = options;
  }

  /** An operation is under way. */
  get isBusy(): boolean {
    return this.#operations > 0;
  }

  /** Serves on one more socket, which only this user can use. Resolves with a function that closes it. */
  listen(path: string): Promise<StopListening> {
    const server = createServer((request, response) => void this.#serve(request, response));
    server.on('upgrade', (request, socket: Socket, head) => void this.#upgrade(request, socket, head));
    // A stream can last for hours, as long as a drain.
    server.requestTimeout = 0;
    return new Promise((resolve, reject) => {
      // Later, an accept that fails for want of descriptors must not end the process.
      server.on('error', reject);
      listenPrivately(server, { path }, () => resolve((keepConnections) => this.#end(server, keepConnections)));
    });
  }

  #end(server: Server, keepConnections = false): void {
    server.close();
    if (!keepConnections) server.closeAllConnections();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.on('error', () => {});
    try {
      this.#checkProtocol(request);
      const { handler, name, url } = this.#find(request);
      const answer = await handler({ name, query: url.searchParams, body: await this.#bodies.read(request) });
      if ('json' in answer) sendJson(response, 200, answer.json);
      else if ('text' in answer) response.writeHead(200, { 'content-type': answer.type }).end(answer.text);
      else await this.#stream(response, answer.stream);
    } catch (error) {
      this.#fail(response, LbError.from(error));
    }
  }

  #fail(response: ServerResponse, error: LbError): void {
    if (error.code === 'LB_ERR_INTERNAL') this.#options.log(error.stack ?? error.message);
    if (!response.headersSent) sendJson(response, error.httpStatus, { error: error.toRecord() });
    else response.end();
  }

  /** Sends the status with the first record, so that an early failure gets its own status. */
  async #stream(response: ServerResponse, run: Extract<RouteAnswer, { stream: unknown }>['stream']): Promise<void> {
    const write = (record: StreamRecord): void => {
      if (!response.headersSent) response.writeHead(200, { 'content-type': 'application/x-ndjson' });
      response.write(ndjson(record));
    };
    this.#operations++;
    try {
      write(await run(write));
      response.end();
    } catch (error) {
      if (!response.headersSent) throw error;
      response.end(ndjson({ type: 'result', ok: false, error: LbError.from(error).toRecord() }));
    } finally {
      this.#operations--;
    }
  }

  #checkProtocol(request: IncomingMessage): void {
    const theirs = request.headers['x-lb-protocol'];
    // Requests from curl have none.
    if (theirs === undefined || theirs === String(CONTROL_PROTOCOL)) return;
    const { pathname } = urlOf(request);
    if (isNextTo(CONTROL_PROTOCOL, Number(theirs)) && isForNeighbours(request.method ?? '', pathname)) return;
    throw new LbError('LB_ERR_PROTOCOL', { ours: String(theirs), theirs: CONTROL_PROTOCOL, version: this.#options.version });
  }

  #find(request: IncomingMessage): { handler: Handler; name: string; url: URL } {
    const url = urlOf(request);
    const match = APP_PATH.exec(url.pathname);
    const pattern = match === null ? url.pathname : `/v1/apps/:name${match[2] ?? ''}`;
    const handler = this.#options.routes.get(`${request.method} ${pattern}`);
    if (handler === undefined) throw new LbError('LB_ERR_ROUTE', { method: request.method ?? '', path: url.pathname });
    return { handler, name: nameInPath(match?.[1] ?? ''), url };
  }

  async #upgrade(request: IncomingMessage, socket: Socket, head: Buffer): Promise<void> {
    socket.on('error', () => {});
    try {
      const url = urlOf(request);
      this.#checkProtocol(request);
      if (await this.#options.onWebSocket(request, socket, head, url)) return;
      throw new LbError('LB_ERR_ROUTE', { method: 'UPGRADE', path: url.pathname });
    } catch (error) {
      const failure = LbError.from(error);
      const body = JSON.stringify({ error: failure.toRecord() });
      socket.end(
        `HTTP/1.1 ${failure.httpStatus} Error\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
      );
    }
  }
}

/** The URL, with the app's name normalized. @throws LbError LB_ERR_ROUTE for an invalid path such as `//` */
function urlOf({ method, url }: IncomingMessage): URL {
  const path = url ?? '/';
  if (!URL.canParse(path, 'http://lb')) throw new LbError('LB_ERR_ROUTE', { method: method ?? '', path });
  const parsed = new URL(path, 'http://lb');
  const app = parsed.searchParams.get('app');
  if (app !== null) parsed.searchParams.set('app', normalName(app));
  return parsed;
}

function sendJson(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(`${JSON.stringify(value)}\n`);
}
