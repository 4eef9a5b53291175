import { isIP, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { HealthCheckSpec } from '../../../lifecycle/app-spec.ts';
import type { ServerKind } from '../../../protocol/worker.ts';
import { readHead, type HttpHead } from './http-answer.ts';
import { redirectElsewhere } from './redirect.ts';

/**
 * How long a connection must stay open to pass. A server that does not want it (`maxConnections`, an app that closes it)
 * closes it in the same turn of the event loop, so this is ample.
 */
const STAYS_OPEN_MS = 50;
const MAX_HEAD_BYTES = 16_384;
/** The rest of a longer response is not read. */
const MAX_BYTES = 65_536;
const DEFAULT_HOST = 'localhost';
const HEADERS = { 'user-agent': 'lb-health', accept: '*/*' };

/** What a check asks. */
export type Question = Pick<HealthCheckSpec, 'path' | 'host' | 'headers'>;

export interface ProbeAnswer {
  readonly status: number;
  /** Another host or scheme that it redirects to; null for none. */
  readonly redirect: string | null;
}

interface HttpRequest {
  readonly path: string;
  readonly host: string;
  /** With names in lower case, without the host. */
  readonly headers: Readonly<Record<string, string>>;
}

const isSecure = (kind: ServerKind): boolean => kind === 'https' || kind === 'http2' || kind === 'tls';
const isHttp2 = (kind: ServerKind): boolean => kind === 'http2' || kind === 'h2c';

/**
 * Sends a health check over a connection that the server has taken.
 * Without a path no request is sent: the connection must stay open, and with TLS the handshake must succeed (a plain
 * connect would make the app report a TLS error).
 * @returns the response; null without a path. The stream closes by itself after the response.
 * @throws Error with a readable message.
 */
export async function ask(client: Socket, kind: ServerKind, { path, host = DEFAULT_HOST, headers = {} }: Question): Promise<ProbeAnswer | null> {
  if (client.destroyed) throw closedBy(client.errored);
  const stream = isSecure(kind) ? await secured(client, isHttp2(kind) ? 'h2' : 'http/1.1', host) : client;
  if (path !== null) {
    const lower = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
    const request = { path, host, headers: { ...HEADERS, ...lower } };
    const { status, location } = await (isHttp2(kind) ? askHttp2(stream, isSecure(kind), request) : askHttp1(stream, request));
    return { status, redirect: redirectElsewhere(status, location, `${isSecure(kind) ? 'https' : 'http'}://${host}${path}`) };
  }
  if (stream === client) {
    await staysOpen(client);
    client.destroy();
  } else {
    // Ended, not destroyed: the last message of the handshake may not be sent yet.
    stream.resume().end();
  }
  return null;
}

async function secured(socket: Socket, protocol: string, host: string): Promise<Duplex> {
  const { connect } = await import('node:tls');
  return new Promise((resolve, reject) => {
    // Validity is for clients to judge. Without a host of the app's own no server name is sent, because the app could refuse it.
    const name = host.replace(/:\d+$/, '');
    const servername = host === DEFAULT_HOST || isIP(name.replace(/^\[|\]$/g, '')) !== 0 ? {} : { servername: name };
    const stream = connect({ socket, rejectUnauthorized: false, ALPNProtocols: [protocol], ...servername }, () => resolve(stream));
    stream.on('error', (error: NodeJS.ErrnoException) =>
      reject(error.code === 'ECONNRESET' ? closedBy(error) : new Error(`TLS: ${error.code ?? error.message}`)),
    );
    stream.once('close', () => reject(closedBy(null)));
  });
}

function staysOpen(client: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, STAYS_OPEN_MS);
    // A server that speaks first has passed, even if it then closes the connection.
    client.once('data', () => resolve());
    client.once('close', () => {
      clearTimeout(timer);
      reject(closedBy(client.errored));
    });
  });
}

/** Written by hand: only the head matters, and loading `node:http` would cost every primary memory. */
function askHttp1(stream: Duplex, { path, host, headers }: HttpRequest): Promise<HttpHead> {
  return new Promise((resolve, reject) => {
    let head = '';
    let bytes = 0;
    let done = false;
    const parseHead = (): void => {
      const answer = readHead(head);
      if (answer === null && bytes <= MAX_HEAD_BYTES) return;
      done = true;
      if (answer !== null && answer !== 'malformed') return resolve(answer);
      reject(new Error('not an HTTP answer'));
      stream.destroy();
    };
    stream.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (done) {
        if (bytes > MAX_BYTES) stream.destroy();
        return;
      }
      head += chunk.toString('latin1');
      parseHead();
    });
    stream.on('error', (error) => reject(closedBy(error)));
    stream.once('close', () => reject(closedBy(null)));
    const lines = Object.entries({ host, ...headers, connection: 'close' });
    stream.write(`GET ${path} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`);
  });
}

async function askHttp2(stream: Duplex, secure: boolean, { path, host, headers: given }: HttpRequest): Promise<HttpHead> {
  const { connect } = await import('node:http2');
  return new Promise((resolve, reject) => {
    const session = connect(`${secure ? 'https' : 'http'}://${host}`, { createConnection: () => stream });
    const fail = (error: Error): void => reject(closedBy(error));
    session.on('error', fail);
    session.once('close', () => reject(closedBy(null)));
    const request = session.request({ ...given, ':path': path, ':authority': host });
    let bytes = 0;
    request.on('error', fail);
    request.once('response', (headers) => resolve({ status: Number(headers[':status']), location: headers.location ?? null }));
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > MAX_BYTES) session.destroy();
    });
    request.once('close', () => session.close());
  });
}

function closedBy(error: NodeJS.ErrnoException | null): Error {
  if (error === null) return new Error('connection closed');
  return new Error(error.code === 'ECONNRESET' || error.code === 'EPIPE' ? 'connection reset' : (error.code ?? error.message));
}
