import { Agent, request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import { LbError, errnoOf } from '../errors/lb-error.ts';
import { parseJson } from '../protocol/checked.ts';
import { CONTROL_PROTOCOL } from '../protocol/version.ts';
import type { DaemonAddress } from './address.ts';
import { parseFailure } from './parse.ts';
import { PROTOCOL_HEADER, connectionError, unreachable } from './quick-get.ts';

const ANSWER_TIMEOUT_MS = 10_000;

export type Method = 'GET' | 'POST' | 'DELETE';

export interface RequestOptions {
  readonly method?: Method;
  readonly body?: unknown;
  /** 0 for no timeout, for streams that last as long as the operation. */
  readonly timeoutMs?: number;
  /** False for the hello, which every version answers. */
  readonly protocolHeader?: boolean;
}

/** A connection to one daemon, kept open between requests. */
export class Channel {
  readonly address: DaemonAddress;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 4 });

  constructor(address: DaemonAddress) {
    this.address = address;
  }

  /** Sends a request and resolves with the response, whatever its status. */
  open(path: string, options: RequestOptions = {}): Promise<IncomingMessage> {
    const body = options.body === undefined ? undefined : JSON.stringify(options.body);
    const timeoutMs = options.timeoutMs ?? ANSWER_TIMEOUT_MS;
    return new Promise((resolve, reject) => {
      const request = httpRequest({
        socketPath: this.address.socket,
        path,
        method: options.method ?? 'GET',
        agent: this.#agent,
        timeout: timeoutMs,
        headers: headersOf(body, options.protocolHeader ?? true),
      });
      request.once('response', resolve);
      request.once('timeout', () => request.destroy(unreachable(this.address, `no answer within ${timeoutMs / 1000} s`)));
      request.once('error', (error) => reject(this.#explain(error, request)));
      request.end(body);
    });
  }

  /** Sends a request and resolves with its JSON body. @throws LbError the daemon's error for a 4xx or 5xx */
  async json(path: string, options: RequestOptions = {}): Promise<unknown> {
    return parseJson('answer from the daemon', await this.text(path, options));
  }

  /** Sends a request and resolves with its body as text. @throws LbError the daemon's error for a 4xx or 5xx */
  async text(path: string, options: RequestOptions = {}): Promise<string> {
    const response = await this.open(path, options);
    const text = await this.#textOf(response);
    if (isSuccess(response)) return text;
    throw failureOf(response, text);
  }

  /** @throws LbError the daemon's error for a 4xx or 5xx */
  async expectSuccess(response: IncomingMessage): Promise<void> {
    if (isSuccess(response)) return;
    throw failureOf(response, await this.#textOf(response));
  }

  close(): void {
    this.#agent.destroy();
  }

  async #textOf(response: IncomingMessage): Promise<string> {
    let text = '';
    response.setEncoding('utf8');
    try {
      for await (const chunk of response) text += String(chunk);
    } catch (error) {
      throw this.#explain(error, null);
    }
    return text;
  }

  #explain(error: unknown, request: ClientRequest | null): LbError {
    if (error instanceof LbError) return error;
    const errno = errnoOf(error);
    const isCut = errno === 'ECONNRESET' || errno === 'EPIPE' || errno === 'ERR_STREAM_PREMATURE_CLOSE';
    if (isCut && request?.socket?.connecting !== true) return new LbError(request?.method === 'GET' ? 'LB_ERR_DAEMON_LOST' : 'LB_ERR_DAEMON_GONE');
    return connectionError(error, this.address);
  }
}

function headersOf(body: string | undefined, protocolHeader: boolean): Record<string, string | number> {
  return {
    host: 'lb',
    ...(protocolHeader ? { [PROTOCOL_HEADER]: CONTROL_PROTOCOL } : {}),
    ...(body === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
  };
}

function isSuccess(response: IncomingMessage): boolean {
  const status = response.statusCode ?? 0;
  return status >= 200 && status < 300;
}

function failureOf(response: IncomingMessage, text: string): LbError {
  return parseFailure(parseJson(`answer from the daemon (status ${response.statusCode ?? 0})`, text));
}

/** The path of an app in the control API. */
export function appPath(name: string, action?: string): string {
  return `/v1/apps/${encodeURIComponent(name)}${action === undefined ? '' : `/${action}`}`;
}
