import { createServer as createHttp2, connect as connectHttp2 } from 'node:http2';
import type { RequestListener, Server, ServerResponse } from 'node:http';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { DrainBlockers } from '../../src/lifecycle/drain-blockers.ts';
import type { Drain } from '../../src/worker/drain.ts';
import type { AnyServer } from '../../src/worker/node-internals.ts';
import type { Traffic } from '../../src/worker/traffic.ts';
import { drainOf, startTraffic } from './alone.ts';
import { openHttp, openServer, RawClient, until } from './open-server.ts';

let traffic: Traffic;
let drain: Drain;
let reports: { quiet: boolean; blockers: DrainBlockers }[];

beforeEach(() => {
  traffic = startTraffic();
  reports = [];
  drain = drainOf(traffic, (quiet, blockers) => reports.push({ quiet, blockers }), 10_000);
  const exit = vi.spyOn(process, 'exit').mockImplementation((() => {}) as never);
  onTestFinished(() => exit.mockRestore());
});

const serve = async (listener: RequestListener): Promise<{ readonly server: Server; readonly port: number }> => {
  const opened = await openHttp(listener);
  traffic.servers.watch(opened.server as AnyServer);
  return opened;
};
const isQuiet = (): boolean => reports.some(({ quiet }) => quiet);

describe('Drain', () => {
  it('finishes a request in flight, as the last one of its connection', async () => {
    const held: ServerResponse[] = [];
    const { port } = await serve((_, response) => held.push(response));
    const client = new RawClient(port);
    client.get();
    await until(() => held.length === 1);
    drain.begin();
    expect(isQuiet()).toBe(false);
    held[0]?.end('whole');
    await client.ended;
    expect(client.text).toContain('Connection: close\r\n');
    expect(client.text).toContain('whole');
    await until(isQuiet);
  });

  it('serves one more request on an idle connection, then closes it', async () => {
    const { port } = await serve((_, response) => response.end('hi'));
    const client = new RawClient(port);
    client.get();
    await client.has('hi');
    expect(client.text).toContain('Connection: keep-alive');
    drain.begin();
    client.text = '';
    client.get();
    await client.ended;
    expect(client.text).toContain('HTTP/1.1 200 OK');
    expect(client.text).toContain('Connection: close');
    await until(isQuiet);
  });

  it('does not change a response whose headers have been sent', async () => {
    const held: ServerResponse[] = [];
    const { port } = await serve((_, response) => {
      response.write('half');
      held.push(response);
    });
    const client = new RawClient(port);
    client.get();
    await client.has('half');
    drain.begin();
    held[0]?.end('whole');
    await client.has('whole');
    expect(client.text).toContain('Connection: keep-alive');
    expect(client.socket.destroyed).toBe(false);
  });

  it('closes a connection that never sent a byte when it would have timed out, not before', async () => {
    const { server, port } = await serve((_, response) => response.end());
    server.keepAliveTimeout = 60;
    const client = new RawClient(port);
    await until(() => traffic.connections === 1 && traffic.silentSockets().length === 1);
    const began = performance.now();
    drain.begin();
    expect(isQuiet()).toBe(false);
    await client.ended;
    const took = performance.now() - began;
    expect(took).toBeGreaterThanOrEqual(60);
    expect(took).toBeLessThan(2_000);
    expect(client.text).toBe('');
    await until(isQuiet);
  });

  it('serves a connection that stays silent until shortly before it would have timed out', async () => {
    const { server, port } = await serve((_, response) => response.end('served'));
    server.keepAliveTimeout = 1_000;
    const client = new RawClient(port);
    await until(() => traffic.connections === 1 && traffic.silentSockets().length === 1);
    drain.begin();
    const began = performance.now();
    await until(() => performance.now() - began > 600);
    client.get();
    await client.ended;
    expect(client.text).toContain('served');
    expect(client.text).toContain('Connection: close');
    await until(isQuiet);
  });

  it('does not wait for a request whose client disconnected', async () => {
    const held: ServerResponse[] = [];
    const { port } = await serve((_, response) => held.push(response));
    const client = new RawClient(port);
    client.get();
    await until(() => held.length === 1);
    drain.begin();
    expect(reports.at(-1)).toMatchObject({ quiet: false, blockers: { requests: 1, connections: 1 } });
    client.socket.destroy();
    await until(isQuiet);
    expect(reports.at(-1)).toMatchObject({ quiet: true, blockers: { requests: 0, connections: 0 } });
  });

  it('does not close a connection that has started to send its request', async () => {
    const { server, port } = await serve((_, response) => response.end('served'));
    server.keepAliveTimeout = 40;
    const client = new RawClient(port);
    client.socket.write('GET / HTTP/1.1\r\n');
    await until(() => traffic.connections === 1 && traffic.silentSockets().length === 0);
    drain.begin();
    const began = performance.now();
    // Longer than the interval of the checks for silent connections.
    await until(() => performance.now() - began > 400);
    client.socket.write('Host: a\r\n\r\n');
    await client.ended;
    expect(client.text).toContain('served');
  });

  it('is quiet immediately if nothing is open, and reports it once', async () => {
    drain.begin();
    drain.begin();
    expect(reports).toEqual([{ quiet: true, blockers: { requests: 0, oldestMs: 0, connections: 0, websockets: 0, sockets: 0 } }]);
  });

  it('sends GOAWAY to an HTTP/2 client, serves open streams, and closes', async () => {
    const answers: (() => void)[] = [];
    const server = createHttp2();
    server.on('stream', (stream) =>
      answers.push(() => {
        stream.respond({ ':status': 200 });
        stream.end('whole');
      }),
    );
    const { port } = await openServer(server);
    traffic.servers.watch(server);
    const session = connectHttp2(`http://127.0.0.1:${port}`);
    onTestFinished(() => session.destroy());
    const goaway = new Promise<number>((resolve) => session.once('goaway', resolve));
    const closed = new Promise<void>((resolve) => session.once('close', () => resolve()));
    let text = '';
    const request = session.request({ ':path': '/' });
    request.on('data', (chunk: Buffer) => void (text += chunk.toString()));
    await until(() => answers.length === 1);
    drain.begin();
    expect(await goaway).toBe(0);
    await until(() => [...traffic.sessions].every((one) => one.closed));
    answers[0]?.();
    await closed;
    expect(text).toBe('whole');
    await until(isQuiet);
  });

  it('is quiet when the processes that serve for it are, and leaves their event streams time to end', async () => {
    const exit = vi.mocked(process.exit);
    const addBlockers = (own: DrainBlockers): DrainBlockers => ({ ...own, connections: own.connections + members.connections });
    const members = { quiet: false, connections: 2, addBlockers, leave: vi.fn() };
    drain = drainOf(traffic, (quiet, blockers) => reports.push({ quiet, blockers }), 10_000, members);
    drain.begin();
    expect(reports.at(-1)).toMatchObject({ quiet: false, blockers: { connections: 2 } });
    members.quiet = true;
    members.connections = 1;
    await until(isQuiet);
    expect(reports.at(-1)).toMatchObject({ quiet: true, blockers: { connections: 1 } });
    drain.leave(true);
    const told = reports.length;
    await until(() => reports.length > told);
    expect(members.leave).toHaveBeenCalledOnce();
    expect(exit).not.toHaveBeenCalled();
    members.connections = 0;
    await until(() => exit.mock.calls.length > 0);
  });

  it('is quiet despite open WebSockets, and closes them with 1001 when it leaves', async () => {
    const { server, port } = await serve((_, response) => response.end());
    server.on('upgrade', (_request, socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n\r\n');
      socket.once('end', () => socket.end()).resume();
    });
    const client = new RawClient(port);
    client.get('/', 'Connection: Upgrade\r\nUpgrade: websocket\r\n');
    await client.has('101');
    drain.begin();
    await until(isQuiet);
    expect(reports.at(-1)?.blockers.websockets).toBe(1);
    expect(client.text.endsWith('\r\n\r\n')).toBe(true);
    drain.leave(true);
    await client.has('\x88\x02\x03\xe9');
    expect(process.exit).not.toHaveBeenCalled();
    client.socket.destroy();
    await until(() => vi.mocked(process.exit).mock.calls.length > 0);
  });

  it('does not exit if the app has a handler', async () => {
    drain.leave(false);
    const began = performance.now();
    await until(() => performance.now() - began > 60);
    expect(process.exit).not.toHaveBeenCalled();
  });
});
