import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { ServerKind } from '../../../protocol/worker.ts';

/**
 * How long a connection must stay open to pass. A server that does not want it (`maxConnections`, an app that closes it)
 * closes it in the same turn of the event loop, so this is ample.
 */
const STAYS_OPEN_MS = 50;
const MAX_HEAD_BYTES = 16_384;
/** The rest of a longer response is not read. */
const MAX_BYTES = 65_536;
const HEADERS = { 'user-agent': 'lb-health', accept: '*/*' };

const isSecure = (kind: ServerKind): boolean => kind === 'https' || kind === 'http2' || kind === 'tls';
const isHttp2 = (kind: ServerKind): boolean => kind === 'http2' || kind === 'h2c';

/**
 * Sends a health check over a connection that the server has taken.
 * @param path null sends no request: the connection must stay open, and with TLS the handshake must succeed (a plain
 * connect would make the app report a TLS error).
 * @returns the status of the response; null without a path. The stream closes by itself after the response.
 * @throws Error with a readable message.
 */
export async function ask(client: Socket, kind: ServerKind, path: string | null): Promise<number | null> {
  if (client.destroyed) throw closedBy(client.errored);
  const stream = isSecure(kind) ? await secured(client, isHttp2(kind) ? 'h2' : 'http/1.1') : client;
  if (path !== null) return isHttp2(kind) ? askHttp2(stream, isSecure(kind), path) : askHttp1(stream, path);
  if (stream === client) {
    await staysOpen(client);
    client.destroy();
  } else {
    // Ended, not destroyed: the last message of the handshake may not be sent yet.
    stream.resume().end();
  }
  return null;
}

async function secured(socket: Socket, protocol: string): Promise<Duplex> {
  const { connect } = await import('node:tls');
  return new Promise((resolve, reject) => {
    // Validity is for clients to judge. No server name is sent, because the app could refuse an unknown one.
    const stream = connect({ socket, rejectUnauthorized: false, ALPNProtocols: [protocol] }, () => resolve(stream));
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

/** Written by hand: only the status matters, and loading `node:http` would cost every primary memory. */
function askHttp1(stream: Duplex, path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    let head = '';
    let bytes = 0;
    let done = false;
    const parseHead = (): void => {
      const status = finalStatus(head);
      if (status === null && bytes <= MAX_HEAD_BYTES) return;
      done = true;
      if (typeof status === 'number') return resolve(status);
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
    const headers = Object.entries({ host: 'localhost', ...HEADERS, connection: 'close' });
    stream.write(`GET ${path} HTTP/1.1\r\n${headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`);
  });
}

/** The first status that is not informational; null while it is incomplete. */
function finalStatus(head: string): number | 'malformed' | null {
  const line = /^(.*?)\r?\n/.exec(head)?.[1];
  if (line === undefined) return null;
  const status = Number(/^HTTP\/1\.[01] (\d{3})(?: |$)/.exec(line)?.[1]);
  if (Number.isNaN(status)) return 'malformed';
  if (status >= 200) return status;
  const end = head.indexOf('\r\n\r\n');
  return end === -1 ? null : finalStatus(head.slice(end + 4));
}

async function askHttp2(stream: Duplex, secure: boolean, path: string): Promise<number> {
  const { connect } = await import('node:http2');
  return new Promise((resolve, reject) => {
    const session = connect(secure ? 'https://localhost' : 'http://localhost', { createConnection: () => stream });
    const fail = (error: Error): void => reject(closedBy(error));
    session.on('error', fail);
    session.once('close', () => reject(closedBy(null)));
    const request = session.request({ ...HEADERS, ':path': path });
    let bytes = 0;
    request.on('error', fail);
    request.once('response', (headers) => resolve(Number(headers[':status'])));
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
