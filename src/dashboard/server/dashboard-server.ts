import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { WebSocketServer, type WebSocket } from 'ws';
import type { DaemonAddress } from '../../client/address.ts';
import { waitForDaemon } from '../../client/ensure-daemon.ts';
import { errnoOf, LbError } from '../../errors/lb-error.ts';
import { listenProblem } from '../../errors/listen-problem.ts';
import { expectedName, nameInPath } from '../../lifecycle/app-name.ts';
import { hostAndPort } from '../../lifecycle/wording.ts';
import { ACTIONS } from '../messages.ts';
import { Access, newToken } from './access.ts';
import { refuse, sendError, sendJson } from './answers.ts';
import { loadAssets, sendAsset, type Assets } from './assets.ts';
import { relayLive, relayLogs } from './relays.ts';
import { runAction } from './run-action.ts';

const ACTION_PATH = /^\/api\/apps\/([^/]+)\/([a-z]+)$/;
const HISTORIES_PATH = '/api/histories';
const LOG_LINES = 500;
/** The page sends nothing on its WebSockets. */
const MAX_PAYLOAD_BYTES = 1024;

export interface DashboardOptions {
  readonly address: DaemonAddress;
  readonly version: string;
  /** Directory of the built page. */
  readonly assets: URL;
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
  /** Who holds this address; null if it is not known. */
  readonly holder: (where: { readonly address: string; readonly port: number }) => Promise<string | null>;
  /** False refuses every action. */
  readonly allowActions: boolean;
}

/** Serves the page and its data to anyone who knows the token. To the daemon it is an ordinary client. */
export class DashboardServer {
  readonly #options: DashboardOptions;
  readonly #access: Access;
  readonly #assets: Assets;
  readonly #server: Server;
  readonly #webSockets = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: MAX_PAYLOAD_BYTES });
  readonly #stop = new AbortController();

  constructor(options: DashboardOptions) {
    this.#options = options;
    this.#access = new Access(newToken(), options.host);
    this.#assets = loadAssets(options.assets);
    this.#server = createServer((request, response) => void this.#serve(request, response));
    this.#server.on('upgrade', (request, socket: Socket, head) => this.#upgrade(request, socket, head));
  }

  /** Resolves with the URL for the browser, including the token. @throws LbError LB_ERR_DASHBOARD_LISTEN */
  async listen(): Promise<string> {
    const { host, port } = this.#options;
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, host, resolve);
    }).catch(async (error: unknown) => {
      const holder = errnoOf(error) === 'EADDRINUSE' ? await this.#options.holder({ address: host, port }).catch(() => null) : null;
      const reason = `${listenProblem(error)}${holder === null ? '' : ` by ${holder}`}`;
      throw new LbError('LB_ERR_DASHBOARD_LISTEN', { where: port === 0 ? host : hostAndPort(host, port), reason });
    });
    const address = this.#server.address();
    const bound = typeof address === 'object' && address !== null ? address.port : port;
    return `http://${hostAndPort(host, bound)}/?token=${this.#access.token}`;
  }

  close(): void {
    this.#stop.abort();
    this.#server.close();
    this.#server.closeAllConnections();
    for (const client of this.#webSockets.clients) client.terminate();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.on('error', () => {});
    const url = urlOf(request);
    if (url === null || !this.#access.isOwnHost(request)) return refuse(response, 403);
    const token = url.pathname === '/' && request.method === 'GET' ? url.searchParams.get('token') : null;
    const hasToken = token !== null && this.#access.isToken(token);
    if (!hasToken && !this.#access.hasCookie(request)) return refuse(response, 401);
    if (request.method === 'POST') return await this.#post(request, response, url);
    if (request.method !== 'GET') return refuse(response, 405);
    const asset = this.#assets.get(url.pathname);
    if (asset !== undefined) return sendAsset(request, response, asset, hasToken ? { 'set-cookie': this.#access.cookie(request) } : {});
    if (url.pathname === HISTORIES_PATH) return await this.#histories(response, url.search);
    refuse(response, 404);
  }

  async #post(request: IncomingMessage, response: ServerResponse, { pathname }: URL): Promise<void> {
    if (!this.#access.isOwnOrigin(request)) return refuse(response, 403);
    const [, app = '', word = ''] = ACTION_PATH.exec(pathname) ?? [];
    const name = nameInPath(app);
    const action = ACTIONS.find((known) => known === word);
    if (action === undefined || expectedName(name) !== undefined) return refuse(response, 404);
    if (!this.#options.allowActions) {
      return sendError(
        response,
        new LbError('LB_ERR_NOT_SUPPORTED', { what: `${action} from this dashboard`, reason: ': "lb dashboard" was started without --allow-actions' }),
        403,
      );
    }
    await runAction(this.#options.address, name, action, request, response);
  }

  async #histories(response: ServerResponse, search: string): Promise<void> {
    try {
      const { channel } = await waitForDaemon(this.#options.address);
      try {
        sendJson(response, 200, await channel.json(`/v1/histories${search}`));
      } finally {
        channel.close();
      }
    } catch (error) {
      sendError(response, error);
    }
  }

  #upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    socket.on('error', () => {});
    const serve = this.#webSocketOf(request);
    if (typeof serve === 'number') {
      socket.end(`HTTP/1.1 ${serve} Refused\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
      return;
    }
    this.#webSockets.handleUpgrade(request, socket, head, (client) => {
      client.on('error', () => client.terminate());
      serve(client);
    });
  }

  /** The handler of the WebSocket, or the status of the refusal. */
  #webSocketOf(request: IncomingMessage): number | ((client: WebSocket) => void) {
    const url = urlOf(request);
    if (url === null || !this.#access.isOwnHost(request) || !this.#access.isOwnOrigin(request)) return 403;
    if (!this.#access.hasCookie(request)) return 401;
    const { address, version, allowActions } = this.#options;
    const stop = this.#stop.signal;
    if (url.pathname === '/live') {
      return (client) => void relayLive(client, address, { type: 'welcome', version, home: address.home, actions: allowActions }, stop);
    }
    if (url.pathname === '/logs') return (client) => void relayLogs(client, address, { app: url.searchParams.get('app'), lines: LOG_LINES }, stop);
    return 404;
  }
}

/** Null for an invalid URL such as `//`. */
function urlOf({ url = '/' }: IncomingMessage): URL | null {
  return URL.canParse(url, 'http://lb') ? new URL(url, 'http://lb') : null;
}
