import { EventEmitter } from 'node:events';
import type { Server } from 'node:net';
import { resolve } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Channel } from '../../src/worker/channel.ts';
import { Connections } from '../../src/worker/connections.ts';
import { hookCluster } from '../../src/worker/listen-hooks.ts';
import type { ClusterInternals, ListeningHandle, NodeListenQuery, RawHandle } from '../../src/worker/node-internals.ts';
import { Traffic } from '../../src/worker/traffic.ts';

const internals: ClusterInternals = { _getServer: () => {} };
const nodeGetServer = vi.fn();
let sent: { message: Record<string, unknown>; handle: RawHandle | undefined }[];
let traffic: Traffic;
let connections: Connections;

beforeEach(() => {
  const connected = Object.getOwnPropertyDescriptor(process, 'connected');
  onTestFinished(() => {
    if (connected !== undefined) Object.defineProperty(process, 'connected', connected);
  });
  Object.defineProperty(process, 'connected', { value: true, configurable: true, writable: true });
  nodeGetServer.mockReset();
  internals._getServer = nodeGetServer;
  sent = [];
  const channel: Channel = { send: (message, handle) => void sent.push({ message: { ...message }, handle }), onMessage: () => {} };
  traffic = new Traffic();
  vi.stubGlobal('queueMicrotask', (work: () => void) => work());
  onTestFinished(() => void vi.unstubAllGlobals());
  connections = new Connections(channel, {
    opened: (server) => traffic.servers.watch(server),
    delivered: () => {},
    probed: (connection, handle) => handle.onconnection?.(0, connection),
  });
  hookCluster(connections, internals);
});

const query = (changes: Partial<NodeListenQuery> = {}): NodeListenQuery => ({ address: null, port: 3000, addressType: 4, backlog: 100, flags: 1, ...changes });
const fakeServer = (changes: object = {}): Server => Object.assign(new EventEmitter(), changes) as unknown as Server;

/** The result that `server.listen` would get. */
interface Listened {
  errno: number | null;
  handle: ListeningHandle | null;
}

function listen(server: Server = fakeServer(), changes: Partial<NodeListenQuery> = {}): Listened {
  const listened: Listened = { errno: null, handle: null };
  internals._getServer(server, query(changes), (errno, handle) => Object.assign(listened, { errno, handle }));
  return listened;
}

const rawHandle = (): RawHandle => ({ close: vi.fn() });

describe('Connections', () => {
  it('no longer keep the process alive when the app was asked to shut down', () => {
    listen();
    connections.listening(1, 0, { address: '0.0.0.0', port: 3000, family: 'IPv4' });
    const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const before = timers();
    connections.unrefAll();
    expect(timers()).toBe(before - 1);
  });

  it('asks the primary, and gives Node a handle that emits connections', () => {
    const listened = listen();
    expect(sent).toMatchObject([
      { message: { t: 'listen', seq: 1, query: { key: '*|3000|4|0', port: 3000, addressType: 4, backlog: 100, flags: 1, readableAll: false } } },
    ]);
    expect(listened.handle).toBeNull();
    connections.listening(1, 0, { address: '0.0.0.0', port: 3000, family: 'IPv4' });
    const name = {};
    expect([listened.errno, listened.handle?.listen(511), listened.handle?.getsockname?.(name), name]).toEqual([
      0,
      0,
      0,
      { address: '0.0.0.0', port: 3000, family: 'IPv4' },
    ]);
    const got: unknown[] = [];
    if (listened.handle !== null) listened.handle.onconnection = (status, connection) => got.push(status, connection);
    const connection = rawHandle();
    connections.deliver({ key: '*|3000|4|0' }, connection);
    expect(got).toEqual([0, connection]);
  });

  it('gives Node the error number of a failed listen, and allows another try', () => {
    const failed = listen();
    connections.listening(1, -98, null);
    expect(failed).toEqual({ errno: -98, handle: null });
    listen();
    expect(sent.map(({ message }) => (message['query'] as { key: string }).key)).toEqual(['*|3000|4|0', '*|3000|4|0']);
  });

  it('distinguishes several servers on one address', () => {
    listen(fakeServer(), { port: 0 });
    listen(fakeServer(), { port: 0 });
    listen(fakeServer(), { address: '/run/app.sock', port: -1, addressType: -1 });
    expect(sent.map(({ message }) => (message['query'] as { key: string }).key)).toEqual(['*|0|4|0', '*|0|4|1', '/run/app.sock|-1|-1|0']);
  });

  it('sends back connections for a closed server', () => {
    const { handle } = { ...listen() };
    expect(handle).toBeNull();
    const listened = listen(fakeServer(), { port: 4000 });
    connections.listening(2, 0, null);
    if (listened.handle !== null) listened.handle.onconnection = () => expect.unreachable('it is closed');
    listened.handle?.close();
    const connection = rawHandle();
    connections.deliver({ key: '*|4000|4|0' }, connection);
    expect(sent.slice(2)).toEqual([
      { message: { t: 'unlisten', key: '*|4000|4|0' }, handle: undefined },
      { message: { t: 'refused', key: '*|4000|4|0' }, handle: connection },
    ]);
  });

  it('sends back connections for a full server', () => {
    const server = fakeServer({ maxConnections: 2, _connections: 2 });
    const listened = listen(server);
    connections.listening(1, 0, null);
    const onconnection = vi.fn();
    if (listened.handle !== null) listened.handle.onconnection = onconnection;
    connections.deliver({ key: '*|3000|4|0' }, rawHandle());
    expect(sent.at(-1)?.message).toEqual({ t: 'refused', key: '*|3000|4|0' });
    Object.assign(server, { _connections: 1 });
    connections.deliver({ key: '*|3000|4|0' }, rawHandle());
    expect(onconnection).toHaveBeenCalledTimes(1);
  });

  it('counts the connections of a server from listen to close', () => {
    const server = fakeServer({ _connections: 3 });
    listen(server);
    expect(traffic.connections).toBe(0);
    connections.listening(1, 0, null);
    expect([traffic.connections, traffic.blockers().sockets]).toEqual([3, 3]);
    server.emit('close');
    expect(traffic.connections).toBe(0);
  });

  it.skipIf(process.platform === 'win32')('sends the absolute path of a Unix socket, because the primary has another working directory', () => {
    listen(fakeServer(), { address: 'run/app.sock', port: -1, addressType: -1 });
    listen(fakeServer(), { address: '\0abstract', port: -1, addressType: -1 });
    const path = resolve('run/app.sock');
    expect(sent.map(({ message }) => message['query'])).toMatchObject([
      { key: `${path}|-1|-1|0`, address: path },
      { key: '\0abstract|-1|-1|0', address: '\0abstract' },
    ]);
  });

  it('reports no name for a Unix socket, so that Node returns its path', () => {
    const listened = listen(fakeServer(), { address: '/run/app.sock', port: -1, addressType: -1 });
    connections.listening(1, 0, null);
    expect(listened.handle).toHaveProperty('getsockname', undefined);
  });

  it.each([
    ['UDP', { addressType: 'udp4' as const }],
    ['an explicit file descriptor', { fd: 3 }],
  ])('leaves %s to Node', (_, changes) => {
    listen(fakeServer(), changes);
    expect(nodeGetServer).toHaveBeenCalledTimes(1);
    expect(sent).toEqual([]);
  });

  it('leaves everything to Node if the primary is gone', () => {
    Object.defineProperty(process, 'connected', { value: false, configurable: true, writable: true });
    listen();
    expect(nodeGetServer).toHaveBeenCalledTimes(1);
  });
});
