import { readFileSync } from 'node:fs';
import http from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { ask } from '../../src/primary/watch/health/ask.ts';
import type { ServerKind } from '../../src/protocol/worker.ts';
import { startTraffic } from './alone.ts';
import { openServer, until } from './open-server.ts';

const [key, cert] = ['key', 'cert'].map((file) => readFileSync(new URL(`../fixtures/tls/${file}.pem`, import.meta.url)));

const sick = (_: object, response: { statusCode: number; end(text: string): unknown }): void => {
  response.statusCode = 503;
  response.end('sick');
};

const SERVERS: Readonly<Record<'http' | 'https' | 'h2c' | 'http2', () => Server>> = {
  http: () => http.createServer(sick),
  https: () => https.createServer({ key, cert }, sick),
  h2c: () => http2.createServer(sick),
  http2: () => http2.createSecureServer({ key, cert }, sick),
};

it.each(['http', 'https', 'h2c', 'http2'] as const satisfies readonly ServerKind[])(
  'requests of health checks are no traffic of an %s server, others are',
  async (kind) => {
    const traffic = startTraffic();
    const server = SERVERS[kind]();
    traffic.servers.watch(server);
    let pass: (socket: Socket) => void = () => {};
    const sockets: Socket[] = [];
    // A socket of another server, as the primary hands them over.
    const { port } = await openServer(createServer({ pauseOnConnect: true }, (socket) => pass(socket)));
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy();
    });
    const request = async (): Promise<unknown> => {
      const client = connect(port, '127.0.0.1');
      sockets.push(client.on('error', () => {}));
      const answer = await ask(client, kind, { path: '/' });
      client.destroy();
      return answer;
    };

    pass = (socket) => traffic.probes.pass(() => server.emit('connection', socket.resume()));
    expect(await request()).toEqual({ status: 503, redirect: null });
    traffic.countBytes();
    expect([traffic.requests, traffic.statusClasses[4], traffic.latencySumMs, traffic.bytes.received, traffic.requestsInFlight]).toEqual([0, 0, 0, 0, 0]);
    await until(() => traffic.probes.size === 0);
    traffic.countBytes();
    expect([traffic.requests, traffic.bytes.sent, traffic.takeLatency().some((n) => n > 0)]).toEqual([0, 0, false]);

    pass = (socket) => void server.emit('connection', socket.resume());
    await request();
    await until(() => traffic.requests === 1);
    expect([traffic.statusClasses[4], traffic.probes.size]).toEqual([1, 0]);
  },
);

it('one that comes from elsewhere is known by the port of its client', async () => {
  const traffic = startTraffic();
  const server = http.createServer(sick);
  traffic.servers.watch(server);
  const { port } = await openServer(server);
  const reserved = createServer();
  await new Promise<void>((resolve) => reserved.listen(0, '127.0.0.1', resolve));
  const { port: localPort } = reserved.address() as AddressInfo;
  await new Promise((resolve) => reserved.close(resolve));
  const request = (): Promise<number> =>
    new Promise((resolve, reject) => {
      http.get({ port, host: '127.0.0.1', localPort, agent: false }, (response) => resolve(response.resume().statusCode ?? 0)).on('error', reject);
    });
  traffic.probes.expect(localPort);
  expect([await request(), traffic.requests]).toEqual([503, 0]);
});
