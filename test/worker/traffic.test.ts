import { createServer as createHttp2, connect as connectHttp2 } from 'node:http2';
import type { RequestListener, Server, ServerResponse } from 'node:http';
import { createServer as createNet } from 'node:net';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { AnyServer } from '../../src/worker/node-internals.ts';
import type { Traffic } from '../../src/worker/traffic.ts';
import { startTraffic } from './alone.ts';
import { openHttp, openServer, RawClient, until } from './open-server.ts';

let traffic: Traffic;

beforeEach(() => {
  traffic = startTraffic();
});

const nothing = { requests: 0, oldestMs: 0, connections: 0, websockets: 0, sockets: 0 };
const watched = <S>(server: S): S => {
  traffic.servers.watch(server as AnyServer);
  return server;
};
const serve = async (listener: RequestListener): Promise<{ readonly server: Server; readonly port: number }> => {
  const opened = await openHttp(listener);
  watched(opened.server);
  return opened;
};
const inFlight = (): number => [...traffic.inFlight()].length;

describe('Traffic', () => {
  it('counts connections and requests in flight, and forgets them when they end', async () => {
    const held: ServerResponse[] = [];
    const { port } = await serve((request, response) => (request.url === '/held' ? held.push(response) : response.end('ok')));
    const busy = new RawClient(port);
    const idle = new RawClient(port);
    busy.get('/held');
    idle.get('/');
    await until(() => held.length === 1);
    await idle.has('ok');
    expect(traffic.blockers()).toMatchObject({ requests: 1, connections: 2, websockets: 0, sockets: 0 });
    expect(traffic.requests).toBe(1);
    held[0]?.end('done');
    await busy.has('done');
    expect(traffic.blockers()).toEqual({ ...nothing, connections: 2 });
    busy.socket.destroy();
    idle.socket.destroy();
    await until(() => traffic.connections === 0);
    expect(traffic.blockers()).toEqual(nothing);
  });

  it('reports the age of the oldest request', async () => {
    const held: ServerResponse[] = [];
    const { port } = await serve((_, response) => held.push(response));
    new RawClient(port).get();
    await until(() => held.length === 1);
    const began = performance.now();
    await until(() => performance.now() - began >= 30);
    new RawClient(port).get();
    await until(() => held.length === 2);
    const { requests, oldestMs } = traffic.blockers();
    expect(requests).toBe(2);
    expect(oldestMs).toBeGreaterThanOrEqual(30);
    expect(oldestMs).toBeLessThanOrEqual(Math.ceil(performance.now() - began) + 100);
  });

  it('forgets a request whose client disconnected before the response', async () => {
    const held: ServerResponse[] = [];
    const { port } = await serve((_, response) => held.push(response));
    const client = new RawClient(port);
    client.get();
    await until(() => held.length === 1);
    expect(inFlight()).toBe(1);
    client.socket.destroy();
    await until(() => traffic.connections === 0);
    expect(inFlight()).toBe(0);
    expect(traffic.blockers()).toEqual(nothing);
    expect(traffic.requests).toBe(0);
  });

  it('does not count a request whose response the app destroyed', async () => {
    const held: ServerResponse[] = [];
    const { port } = await serve((_, response) => held.push(response));
    new RawClient(port).get();
    await until(() => held.length === 1);
    expect(inFlight()).toBe(1);
    held[0]?.destroy();
    expect(inFlight()).toBe(0);
    await until(() => traffic.connections === 0);
    expect(traffic.requests).toBe(0);
  });

  it('tells what became of requests: answers, 5xx, resets, and those that wait for the beginning of an answer', async () => {
    const held: ServerResponse[] = [];
    const { port } = await serve((request, response) => {
      response.statusCode = Number(request.url?.slice(1)) || 200;
      if (request.url === '/held') held.push(response);
      else response.end('ok');
    });
    for (const path of ['/200', '/503', '/404']) {
      const client = new RawClient(port);
      client.get(path);
      await client.has('ok');
    }
    for (let i = 0; i < 4; i++) new RawClient(port).get('/held');
    await until(() => held.length === 4);
    held[0]?.destroy();
    held[1]?.write('begun');
    held[2]?.write('begun');
    held[2]?.destroy();
    await until(() => traffic.connections === 5 && traffic.resets > 0);
    const patience = { lateMs: 0, hungMs: 60_000 };
    expect(traffic.tally(patience)).toEqual({ answers: 3, serverErrors: 1, resets: 1, late: 1, hung: 0 });
    expect(traffic.tally({ lateMs: 0, hungMs: 0 })).toMatchObject({ late: 1, hung: 1 });
    held[3]?.end('ok');
    await until(() => traffic.requests === 4);
    expect(traffic.tally(patience)).toEqual({ answers: 4, serverErrors: 1, resets: 1, late: 0, hung: 0 });
  });

  it('measures each request of a connection from its own start', async () => {
    const held: ServerResponse[] = [];
    const { port } = await serve((_, response) => held.push(response));
    const client = new RawClient(port);
    client.get();
    await until(() => held.length === 1);
    const [[first, firstBegan] = []] = [...traffic.inFlight()];
    expect(first).toBe(held[0]);
    held[0]?.end('first');
    await client.has('first');
    expect(inFlight()).toBe(0);
    const between = performance.now();
    client.get();
    await until(() => held.length === 2);
    const [[second, secondBegan] = []] = [...traffic.inFlight()];
    expect(second).toBe(held[1]);
    expect(firstBegan).toBeLessThan(between);
    expect(secondBegan).toBeGreaterThanOrEqual(between);
  });

  it('counts the connections of all watched servers, each server once, until it closes', async () => {
    const one = await serve((_, response) => response.end());
    const other = await serve((_, response) => response.end());
    const unwatched = await openHttp((_, response) => response.end('seen'));
    watched(one.server);
    const clients = [new RawClient(one.port), new RawClient(one.port), new RawClient(other.port)];
    await until(() => traffic.connections === 3);
    const stranger = new RawClient(unwatched.port);
    stranger.get();
    await stranger.has('seen');
    expect(traffic.connections).toBe(3);
    expect(traffic.blockers()).toEqual({ ...nothing, connections: 3 });
    const closed = new Promise<void>((resolve) => one.server.close(() => resolve()));
    for (const client of clients) client.socket.destroy();
    await closed;
    await until(() => traffic.connections === 0);
  });

  it('finds HTTP connections that never sent a byte', async () => {
    const http = await serve((_, response) => response.end('served'));
    const raw = await openServer(watched(createNet()));
    const unwatched = await openHttp((_, response) => response.end());
    const silent = new RawClient(http.port);
    const partial = new RawClient(http.port);
    const served = new RawClient(http.port);
    for (const { port } of [raw, unwatched]) await new Promise((resolve) => new RawClient(port).socket.once('connect', resolve));
    await until(() => traffic.connections === 4 && traffic.silentSockets().length === 3);
    partial.socket.write('G');
    served.get();
    await served.has('served');
    await until(() => traffic.silentSockets().length === 1);
    expect(traffic.silentSockets()[0]?.remotePort).toBe(silent.socket.localPort);
    silent.socket.destroy();
    await until(() => traffic.connections === 3);
    expect(traffic.silentSockets()).toEqual([]);
  });

  it('counts responses by status class and latency', async () => {
    const { port } = await serve((request, response) => response.writeHead(Number(request.url?.slice(1))).end('x'));
    for (const status of [200, 201, 304, 404, 404, 500]) {
      const client = new RawClient(port);
      client.get(`/${status}`);
      await client.has('HTTP/1.1');
    }
    await until(() => traffic.requests === 6);
    expect(traffic.statusClasses).toEqual([0, 2, 1, 2, 1]);
    expect(traffic.takeLatency().reduce((sum, n) => sum + n, 0)).toBe(6);
    expect(traffic.takeLatency().reduce((sum, n) => sum + n, 0)).toBe(0);
  });

  it('counts an upgraded connection as a WebSocket, or as a tunnel, and no longer as HTTP', async () => {
    const { server, port } = await serve((_, response) => response.end());
    server.on('upgrade', (_request, socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n\r\n');
      socket.once('end', () => socket.end()).resume();
    });
    const websocket = new RawClient(port);
    websocket.get('/', 'Connection: Upgrade\r\nUpgrade: WebSocket\r\n');
    const tunnel = new RawClient(port);
    tunnel.get('/', 'Connection: Upgrade\r\nUpgrade: raw\r\n');
    await Promise.all([websocket.has('101'), tunnel.has('101')]);
    expect(traffic.blockers()).toEqual({ ...nothing, websockets: 1, sockets: 1 });
    websocket.socket.destroy();
    tunnel.socket.destroy();
    await until(() => traffic.websockets.size + traffic.tunnels.size === 0);
    expect(traffic.blockers()).toEqual(nothing);
  });

  it('does not change how a server without an upgrade listener treats an upgrade request', async () => {
    const { server, port } = await serve((_, response) => response.end('as a plain request'));
    const client = new RawClient(port);
    client.get('/', 'Connection: Upgrade\r\nUpgrade: websocket\r\n');
    await client.has('as a plain request');
    expect(traffic.websockets.size).toBe(0);
    expect(server.listenerCount('upgrade')).toBe(0);
  });

  it('leaves a server as it is while nothing is drained and no check is due', async () => {
    const { server, port } = await serve((_, response) => response.end('ok'));
    const client = new RawClient(port);
    client.get('/');
    await client.has('ok');
    const hooked = (): unknown[] => [Object.hasOwn(server, 'emit'), server.listenerCount('connection'), server.listenerCount('request')];
    expect(hooked()).toEqual([false, 1, 1]);
    traffic.servers.onRequest = () => {};
    expect(hooked()).toEqual([true, 1, 1]);
    traffic.servers.onRequest = null;
    expect(hooked()).toEqual([false, 1, 1]);
  });

  it('counts connections of raw TCP servers separately', async () => {
    const { server, port } = await openServer(createNet());
    watched(server);
    const client = new RawClient(port);
    await until(() => traffic.connections === 1);
    expect(traffic.blockers()).toEqual({ ...nothing, sockets: 1 });
    client.socket.destroy();
    await until(() => traffic.connections === 0);
  });

  it('counts HTTP/2 streams as requests', async () => {
    const answers: (() => void)[] = [];
    const server = createHttp2();
    server.on('stream', (stream) =>
      answers.push(() => {
        stream.respond({ ':status': 503 });
        stream.end('later');
      }),
    );
    const { port } = await openServer(server);
    watched(server);
    const session = connectHttp2(`http://127.0.0.1:${port}`);
    onTestFinished(() => session.destroy());
    const request = session.request({ ':path': '/' });
    request.resume();
    await until(() => answers.length === 1);
    expect(traffic.blockers()).toMatchObject({ requests: 1, connections: 1 });
    expect(traffic.sessions.size).toBe(1);
    answers[0]?.();
    await until(() => inFlight() === 0);
    expect([traffic.requests, traffic.statusClasses]).toEqual([1, [0, 0, 0, 0, 1]]);
    const aborted = session.request({ ':path': '/' });
    aborted.on('error', () => {}).resume();
    await until(() => answers.length === 2);
    expect(inFlight()).toBe(1);
    aborted.destroy();
    await until(() => inFlight() === 0);
    session.destroy();
    await until(() => traffic.sessions.size + traffic.connections === 0);
  });
});
