import type { RequestListener, Server, ServerResponse } from 'node:http';
import { connect as connectHttp2, createServer as createHttp2, type ServerHttp2Stream } from 'node:http2';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Drain } from '../../src/worker/drain.ts';
import type { AnyServer } from '../../src/worker/node-internals.ts';
import type { Traffic } from '../../src/worker/traffic.ts';
import { drainOf, startTraffic } from './alone.ts';
import { openHttp, openServer, RawClient, until } from './open-server.ts';

let traffic: Traffic;
let drain: Drain;
let quiet: boolean;
let responses: ServerResponse[];

beforeEach(() => {
  traffic = startTraffic();
  quiet = false;
  responses = [];
  drain = drainOf(traffic, (isQuiet) => (quiet ||= isQuiet), 60_000);
  const exit = vi.spyOn(process, 'exit').mockImplementation((() => {}) as never);
  onTestFinished(() => exit.mockRestore());
});

async function serve(listener: RequestListener): Promise<{ readonly server: Server; readonly port: number }> {
  const opened = await openHttp((request, response) => {
    responses.push(response);
    listener(request, response);
  });
  traffic.servers.watch(opened.server as AnyServer);
  return opened;
}

const TYPES: Readonly<Record<string, string>> = {
  '/events': 'Text/Event-Stream; charset=utf-8',
  '/pictures': 'multipart/x-mixed-replace; boundary=a',
  '/text': 'text/plain',
};
/** Begins an answer of the type that belongs to the path, and does not end it. */
const begin: RequestListener = ({ url = '' }, response) => {
  response.writeHead(200, { 'Content-Type': TYPES[url] ?? '' });
  response.write('begun');
};

async function begun(port: number, path: string): Promise<RawClient> {
  const client = new RawClient(port);
  client.get(path);
  await client.has('begun');
  return client;
}

/** From now on the clock is ahead. */
function skip(ms: number): void {
  const real = performance.now.bind(performance);
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => real() + ms);
  onTestFinished(() => clock.mockRestore());
}

const openWebSocket = async (port: number, server: Server): Promise<RawClient> => {
  server.on('upgrade', (_request, socket) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n\r\n');
    socket.once('end', () => socket.end()).resume();
  });
  const client = new RawClient(port);
  client.get('/', 'Connection: Upgrade\r\nUpgrade: websocket\r\n');
  await client.has('101');
  return client;
};

describe('an event stream', () => {
  it('does not delay the ask; then it ends, and what the app still writes is dropped', async () => {
    const { port } = await serve(begin);
    const client = await begun(port, '/events');
    drain.begin();
    await until(() => quiet);
    expect(client.socket.destroyed).toBe(false);
    const closed = vi.fn();
    responses[0]?.once('close', closed);
    drain.leave(false);
    await client.has('0\r\n\r\n');
    responses[0]?.write('late');
    responses[0]?.end('later');
    await client.ended;
    expect(client.text).not.toContain('late');
    await until(() => traffic.connections === 0);
    expect(closed).toHaveBeenCalled();
  });

  it('is known by headers that were set one by one, too', async () => {
    const { port } = await serve((_, response) => {
      response.setHeader('content-type', 'text/event-stream');
      response.write('begun');
    });
    await begun(port, '/');
    drain.begin();
    await until(() => quiet);
  });

  it('that begins after the ask ends at once', async () => {
    const { port } = await serve(begin);
    const client = await begun(port, '/events');
    const second = new RawClient(port);
    await until(() => traffic.connections === 2);
    drain.leave(false);
    second.get('/events');
    await Promise.all([client.ended, second.ended]);
    expect(second.text).toContain('0\r\n\r\n');
  });

  it('over HTTP/2 ends with its stream', async () => {
    const streams: ServerHttp2Stream[] = [];
    const server = createHttp2();
    server.on('stream', (stream) => {
      stream.respond({ ':status': 200, 'content-type': 'text/event-stream' });
      stream.write('begun');
      streams.push(stream);
    });
    const { port } = await openServer(server);
    traffic.servers.watch(server);
    const session = connectHttp2(`http://127.0.0.1:${port}`);
    onTestFinished(() => session.destroy());
    const request = session.request({ ':path': '/' });
    let text = '';
    request.on('data', (chunk: Buffer) => void (text += chunk.toString()));
    const ended = new Promise<void>((resolve, reject) => request.once('end', () => resolve()).once('error', reject));
    await until(() => text === 'begun');
    drain.begin();
    await until(() => quiet);
    expect(request.closed).toBe(false);
    drain.leave(false);
    await until(() => streams[0]?.writableEnded === true);
    streams[0]?.write('late');
    await ended;
    expect(text).toBe('begun');
    await until(() => session.destroyed);
  });

  it('does not hide an ordinary answer, also one that is being sent', async () => {
    const { port } = await serve(begin);
    await begun(port, '/events');
    await begun(port, '/text');
    drain.begin();
    const began = performance.now();
    await until(() => performance.now() - began > 100);
    expect(quiet).toBe(false);
    responses[1]?.destroy();
    await until(() => quiet);
  });

  it('and WebSockets do not wait for requests that take long', async () => {
    const { server, port } = await serve(begin);
    const stream = await begun(port, '/events');
    await begun(port, '/text');
    const webSocket = await openWebSocket(port, server);
    drain.begin();
    const began = performance.now();
    await until(() => performance.now() - began > 60);
    expect([stream, webSocket].map(({ socket }) => socket.destroyed)).toEqual([false, false]);
    skip(5_000);
    await webSocket.has('\x88\x02\x03\xe9');
    await stream.ended;
    expect(quiet).toBe(false);
  });
});

describe('an endless answer of another kind', () => {
  it('does not delay the ask, and stays open until the worker exits', async () => {
    const { port } = await serve(begin);
    const client = await begun(port, '/pictures');
    drain.begin();
    await until(() => quiet);
    drain.leave(true);
    const began = performance.now();
    await until(() => performance.now() - began > 60);
    expect([client.socket.destroyed, vi.mocked(process.exit).mock.calls.length]).toEqual([false, 0]);
    skip(2_000);
    await until(() => vi.mocked(process.exit).mock.calls.length > 0);
  });
});
