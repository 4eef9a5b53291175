import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { WebSocket } from 'ws';
import { WebSocketServer } from 'ws';
import { LbError } from '../../src/errors/lb-error.ts';
import type { DaemonHello, StreamRecord } from '../../src/protocol/control.ts';
import { CONTROL_PROTOCOL } from '../../src/protocol/version.ts';
import { homePaths } from '../../src/system/paths.ts';

export interface Received {
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
  readonly headers: IncomingMessage['headers'];
}

/** What the fake answers: JSON, an error, a stream of records, or whatever the function does itself. */
export type Answer =
  | { readonly json: unknown }
  | { readonly error: LbError }
  | { readonly stream: readonly StreamRecord[]; readonly cut?: boolean; readonly hold?: boolean }
  | ((response: ServerResponse) => void);

export const HELLO: DaemonHello = {
  name: 'lb',
  version: '1.2.3',
  protocol: CONTROL_PROTOCOL,
  pid: 4242,
  node: process.versions.node,
  home: '/home/me/.lb',
  uptimeMs: 65_000,
};

/** A daemon's control socket in a home of its own, with scripted answers. */
export class FakeDaemon {
  readonly home = mkdtempSync(join(tmpdir(), 'lb-fake-'));
  readonly address = homePaths(this.home);
  readonly received: Received[] = [];
  readonly answers = new Map<string, Answer>([
    ['GET /v1/hello', { json: HELLO }],
    ['GET /v1/apps', { json: { apps: [] } }],
  ]);
  onLogs: (socket: WebSocket, url: string) => void = (socket) => socket.close(1000);
  readonly #server: Server = createServer((request, response) => void this.#handle(request, response));
  readonly #sockets = new WebSocketServer({ noServer: true });

  constructor() {
    this.#server.on('upgrade', (request, socket, head) => {
      this.#sockets.handleUpgrade(request, socket, head, (ws) => this.onLogs(ws, request.url ?? ''));
    });
  }

  listen(): Promise<void> {
    return new Promise((resolve) => this.#server.listen(this.address.socket, resolve));
  }

  /** Scripts the answer to `POST /v1/apps`. */
  on(route: string, answer: Answer): this {
    this.answers.set(route, answer);
    return this;
  }

  /** The requests that are no look around. */
  get orders(): readonly Received[] {
    return this.received.filter(({ method }) => method !== 'GET');
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets.clients) socket.terminate();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    rmSync(this.home, { recursive: true, force: true });
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = '';
    for await (const chunk of request) text += String(chunk);
    const path = request.url ?? '';
    const method = request.method ?? '';
    this.received.push({ method, path, body: text === '' ? undefined : JSON.parse(text), headers: request.headers });
    const answer = this.answers.get(`${method} ${path}`) ?? { error: new LbError('LB_ERR_ROUTE', { method, path }) };
    send(response, answer);
  }
}

function send(response: ServerResponse, answer: Answer): void {
  if (typeof answer === 'function') return answer(response);
  if ('json' in answer) return void response.end(JSON.stringify(answer.json));
  if ('error' in answer) {
    response.statusCode = answer.error.httpStatus;
    return void response.end(JSON.stringify({ error: answer.error.toRecord() }));
  }
  response.flushHeaders();
  const text = answer.stream.map((record) => `${JSON.stringify(record)}\n`).join('');
  if (answer.hold === true) response.write(text);
  else if (answer.cut === true) response.write(text, () => response.destroy());
  else response.end(text);
}
