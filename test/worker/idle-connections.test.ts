import { readFileSync } from 'node:fs';
import type { RequestListener, Server, ServerResponse } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { connect as connectTls } from 'node:tls';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { AnyServer } from '../../src/worker/node-internals.ts';
import type { Traffic } from '../../src/worker/traffic.ts';
import { fixture } from '../helpers/paths.ts';
import { drainOf, startTraffic } from './alone.ts';
import { openHttp, openServer, RawClient, until } from './open-server.ts';

const pem = (name: string): Buffer => readFileSync(fixture(`../tls/${name}.pem`));
const TEST_CERTIFICATE = { key: pem('key'), cert: pem('cert') };

let traffic: Traffic;
let quiet: boolean;

beforeEach(() => {
  traffic = startTraffic();
  quiet = false;
});

/** A drain in which idle connections end after this time. */
const draining = (idleMs: number): ReturnType<typeof drainOf> => {
  const drain = drainOf(traffic, (isQuiet) => (quiet ||= isQuiet), idleMs);
  drain.begin();
  return drain;
};

async function serve(listener: RequestListener): Promise<{ readonly server: Server; readonly port: number }> {
  const opened = await openHttp(listener);
  opened.server.keepAliveTimeout = 72_000;
  traffic.servers.watch(opened.server as AnyServer);
  return opened;
}

const after = (ms: number): Promise<void> => {
  const began = performance.now();
  return until(() => performance.now() - began >= ms);
};

/** A client with one answered request; `how` resolves when its connection ends: with an error's code, or "FIN". */
async function idleClient(port: number): Promise<{ readonly client: RawClient; readonly how: Promise<string> }> {
  const client = new RawClient(port);
  const how = new Promise<string>((resolve) => {
    client.socket.once('error', (error: NodeJS.ErrnoException) => resolve(String(error.code)));
    client.socket.once('end', () => resolve('FIN'));
  });
  client.get();
  await client.has('\r\n\r\n');
  return { client, how };
}

describe('idle connections of a draining worker', () => {
  it('end with a FIN when their last byte is old enough, not before', async () => {
    const { port } = await serve((_, response) => response.end('hi'));
    const { how } = await idleClient(port);
    const answered = performance.now();
    draining(500);
    expect(await how).toBe('FIN');
    expect(performance.now() - answered).toBeGreaterThanOrEqual(495);
    await until(() => quiet);
  });

  it('are watched for a second, even if their last byte is old enough', async () => {
    const { port } = await serve((_, response) => response.end('hi'));
    const { client, how } = await idleClient(port);
    await after(300);
    client.socket.write('GET / HTTP/1.1\r\n');
    await until(() => (client.text = '') === '');
    await after(20);
    draining(250);
    await after(120);
    client.socket.write('Host: a\r\n\r\n');
    await client.has('hi');
    expect(client.text).toContain('Connection: close');
    await how;
  });

  it('stay open while their bytes arrive slowly', async () => {
    const { port } = await serve((_, response) => response.end('hi'));
    const { client } = await idleClient(port);
    client.text = '';
    draining(400);
    for (const piece of ['GET / ', 'HTTP/1.1\r\n', 'Host: ', 'a\r\n\r\n']) {
      client.socket.write(piece);
      await after(250);
    }
    await client.has('hi');
  });

  it('are not closed over a request that waits to be read', async () => {
    const { port } = await serve((_, response) => response.end('hi'));
    const { client } = await idleClient(port);
    client.text = '';
    const began = performance.now();
    const idle = traffic.idle.bind(traffic);
    let sent = false;
    // Sends the request in the very look that finds the connection idle for long enough.
    traffic.idle = () => {
      if (!sent && performance.now() - began >= 500) {
        sent = true;
        client.get();
      }
      return idle();
    };
    draining(500);
    await client.has('hi');
  });

  it('all end once the app was asked to shut down', async () => {
    const { port } = await serve((_, response) => response.end('hi'));
    const { how } = await idleClient(port);
    const silent = new RawClient(port);
    await until(() => traffic.connections === 2);
    const drain = draining(60_000);
    await after(300);
    expect(quiet).toBe(false);
    drain.leave(false);
    expect(await how).toBe('FIN');
    await silent.ended;
    await until(() => quiet);
  });

  it('are not those with a request in progress, nor WebSockets', async () => {
    const held: ServerResponse[] = [];
    const { server, port } = await serve((request, response) => (request.url === '/held' ? held.push(response) : response.end('hi')));
    server.on('upgrade', (_request, socket) => void socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n\r\n'));
    const [busy, webSocket] = [await idleClient(port), await idleClient(port)];
    busy.client.get('/held');
    webSocket.client.get('/', 'Connection: Upgrade\r\nUpgrade: websocket\r\n');
    await until(() => held.length === 1 && traffic.websockets.size === 1);
    draining(50);
    await after(600);
    expect([busy.client.socket.destroyed, webSocket.client.socket.destroyed]).toEqual([false, false]);
    held[0]?.end('whole');
    await busy.client.has('whole');
  });

  it('end with a close_notify under TLS', async () => {
    const server = createHttps(TEST_CERTIFICATE, (_, response) => response.end('hi'));
    server.keepAliveTimeout = 72_000;
    const { port } = await openServer(server);
    traffic.servers.watch(server);
    const client = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false });
    onTestFinished(() => void client.destroy());
    client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    const answered = new Promise((resolve) => client.once('data', resolve));
    const ended = new Promise<void>((resolve, reject) => client.once('error', reject).once('end', () => resolve()));
    await answered;
    draining(100);
    await ended;
    await until(() => quiet);
  });

  it('include those that finished only their handshake', async () => {
    const server = createHttps(TEST_CERTIFICATE, (_, response) => response.end('hi'));
    const { port } = await openServer(server);
    traffic.servers.watch(server);
    const client = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false });
    onTestFinished(() => void client.destroy());
    const ended = new Promise<void>((resolve) => client.on('error', () => {}).once('close', () => resolve()));
    await new Promise((resolve) => client.once('secureConnect', resolve));
    draining(100);
    await ended;
    await until(() => quiet);
  });
});
