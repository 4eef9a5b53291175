import { readFileSync } from 'node:fs';
import { createServer as createHttp } from 'node:http';
import { connect as connectHttp2, createServer as createHttp2 } from 'node:http2';
import { createServer as createHttps } from 'node:https';
import { connect as connectTls } from 'node:tls';
import { beforeEach, expect, it, onTestFinished } from 'vitest';
import type { AnyServer } from '../../src/worker/node-internals.ts';
import { startTraffic } from './alone.ts';
import { openServer, RawClient, until } from './open-server.ts';

let traffic: ReturnType<typeof startTraffic>;
beforeEach(() => {
  traffic = startTraffic();
});

const pem = (name: string): string => readFileSync(new URL(`../fixtures/tls/${name}.pem`, import.meta.url), 'utf8');
const counted = (): readonly number[] => [traffic.bytes.received, traffic.bytes.sent];

it('counts the bytes of open connections on demand, and the rest when they close', async () => {
  const server = createHttp((_, response) => response.end('x'.repeat(1000)));
  traffic.servers.watch(server as AnyServer);
  const { port } = await openServer(server);
  const client = new RawClient(port);
  client.get('/');
  await until(() => traffic.requests === 1 && client.socket.bytesRead > 1000);
  expect(counted()).toEqual([0, 0]);
  traffic.countBytes();
  traffic.countBytes();
  expect(counted()).toEqual([client.socket.bytesWritten, client.socket.bytesRead]);
  client.get('/again');
  await until(() => traffic.requests === 2 && client.socket.bytesRead > 2000);
  const { bytesRead, bytesWritten } = client.socket;
  client.socket.destroy();
  await until(() => traffic.connections === 0 && traffic.bytes.sent > 2000);
  expect(counted()).toEqual([bytesWritten, bytesRead]);
  traffic.countBytes();
  expect(counted()).toEqual([bytesWritten, bytesRead]);
});

it('counts bytes inside TLS', async () => {
  const server = createHttps({ key: pem('key'), cert: pem('cert') }, (_, response) => response.end('x'.repeat(1000)));
  traffic.servers.watch(server as AnyServer);
  const { port } = await openServer(server);
  const client = connectTls({ port, rejectUnauthorized: false });
  onTestFinished(() => void client.destroy());
  let received = 0;
  client.on('data', (chunk: Buffer) => (received += chunk.length));
  const request = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
  client.write(request);
  await until(() => received > 1000);
  traffic.countBytes();
  expect(counted()).toEqual([request.length, received]);
});

it('counts HTTP/2 sessions', async () => {
  const server = createHttp2((_, response) => response.end('x'.repeat(1000)));
  traffic.servers.watch(server as AnyServer);
  const { port } = await openServer(server);
  const session = connectHttp2(`http://127.0.0.1:${port}`);
  onTestFinished(() => session.destroy());
  const request = session.request({ ':path': '/' });
  await new Promise((resolve) => request.resume().once('close', resolve));
  await until(() => traffic.requests === 1);
  traffic.countBytes();
  expect(traffic.bytes.sent).toBeGreaterThan(1000);
  session.close();
  await until(() => traffic.sessions.size === 0 && traffic.connections === 0);
  const [received = 0, sent = 0] = counted();
  traffic.countBytes();
  expect(counted()).toEqual([received, sent]);
  expect([received > 50, sent < 1500]).toEqual([true, true]);
});
