import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import net, { type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import tls from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Peer } from '../../src/protocol/proxy-header.ts';
import type { RawHandle } from '../../src/worker/node-internals.ts';
import { showPeer } from '../../src/worker/peer-name.ts';

const PEER: Peer = { source: { address: '2001:db8::7', port: 56324, family: 'IPv6' }, destination: { address: '198.51.100.1', port: 443, family: 'IPv4' } };
const SHOWN = ['2001:db8::7', 56324, 'IPv6', '198.51.100.1', 443];

const [key, cert] = ['key', 'cert'].map((name) => readFileSync(join(import.meta.dirname, `../fixtures/tls/${name}.pem`)));

const namesOf = (socket: Socket): unknown[] => [socket.remoteAddress, socket.remotePort, socket.remoteFamily, socket.localAddress, socket.localPort];
const tell = (req: IncomingMessage | http2.Http2ServerRequest, res: ServerResponse | http2.Http2ServerResponse): void => {
  (res as ServerResponse).end(JSON.stringify(namesOf(req.socket)));
};

/** A server whose connections get the peer before Node's own code sees them, as in a worker. */
async function listen(server: Server, peer = PEER, where: net.ListenOptions = { port: 0, host: '127.0.0.1' }): Promise<number> {
  server.listen(where);
  await once(server, 'listening');
  const { _handle: handle } = server as unknown as { _handle: { onconnection: (status: number, connection: RawHandle) => void } };
  const { onconnection } = handle;
  handle.onconnection = function feed(status, connection) {
    showPeer(connection, peer);
    Reflect.apply(onconnection, this, [status, connection]);
  };
  onTestFinished(() => void server.close());
  return typeof where.path === 'string' ? 0 : (server.address() as AddressInfo).port;
}

async function textOf(stream: AsyncIterable<unknown>): Promise<string> {
  let text = '';
  for await (const chunk of stream) text += String(chunk);
  return text;
}

async function ask(request: http.ClientRequest): Promise<unknown> {
  const [response] = (await once(request.end(), 'response')) as [IncomingMessage];
  return JSON.parse(await textOf(response));
}

async function askHttp2(session: http2.ClientHttp2Session): Promise<unknown> {
  const text = await textOf(session.request({ ':path': '/' }).setEncoding('utf8'));
  session.close();
  return JSON.parse(text);
}

describe('showPeer makes the sockets of', () => {
  it('http', async () => {
    const port = await listen(http.createServer(tell));
    expect(await ask(http.get({ port, agent: false }))).toEqual(SHOWN);
  });

  it('https', async () => {
    const port = await listen(https.createServer({ key, cert }, tell));
    expect(await ask(https.get({ port, agent: false, rejectUnauthorized: false }))).toEqual(SHOWN);
  });

  it('HTTP/2 without TLS', async () => {
    const port = await listen(http2.createServer(tell));
    expect(await askHttp2(http2.connect(`http://127.0.0.1:${port}`))).toEqual(SHOWN);
  });

  it('HTTP/2 with TLS', async () => {
    const port = await listen(http2.createSecureServer({ key, cert }, tell));
    expect(await askHttp2(http2.connect(`https://127.0.0.1:${port}`, { rejectUnauthorized: false }))).toEqual(SHOWN);
  });

  it('net and tls', async () => {
    const say = (socket: Socket): void => void socket.end(JSON.stringify(namesOf(socket)));
    const plain = await listen(net.createServer(say));
    expect(JSON.parse(await textOf(net.connect(plain)))).toEqual(SHOWN);
    const secure = await listen(tls.createServer({ key, cert }, say));
    expect(JSON.parse(await textOf(tls.connect({ port: secure, rejectUnauthorized: false })))).toEqual(SHOWN);
  });

  it.each([
    ['http', () => http.createServer(tell), http.get],
    ['https', () => https.createServer({ key, cert }, tell), https.get],
  ])('%s on a Unix socket show the peer of the header', async (_, server, get) => {
    const directory = mkdtempSync(join(tmpdir(), 'lb-peer-'));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    const path = join(directory, 'app.sock');
    await listen(server(), PEER, { path });
    expect(await ask(get({ socketPath: path, agent: false, rejectUnauthorized: false }))).toEqual(SHOWN);
  });

  it('all keep their local address if the header has none', async () => {
    const port = await listen(http.createServer(tell), { ...PEER, destination: null });
    expect(await ask(http.get({ port, agent: false }))).toEqual(['2001:db8::7', 56324, 'IPv6', '127.0.0.1', port]);
  });
});
