import { EventEmitter } from 'node:events';
import { beforeEach, expect, it, onTestFinished, vi } from 'vitest';
import type { Channel } from '../../src/worker/channel.ts';
import { Connections } from '../../src/worker/connections.ts';
import { hookPlain } from '../../src/worker/listen-hooks.ts';
import type { ServerInternals } from '../../src/worker/node-internals.ts';

let sent: Record<string, unknown>[];
let connections: Connections;
/** Node's own function, which uses the handle that it finds. */
const nodeListen = vi.fn();

beforeEach(() => {
  const connected = Object.getOwnPropertyDescriptor(process, 'connected');
  onTestFinished(() => {
    if (connected !== undefined) Object.defineProperty(process, 'connected', connected);
  });
  Object.defineProperty(process, 'connected', { value: true, configurable: true, writable: true });
  nodeListen.mockReset();
  sent = [];
  const channel: Channel = { send: (message) => void sent.push({ ...message }), onMessage: () => {} };
  connections = new Connections(channel, { opened: () => {}, delivered: () => {}, probed: (connection, handle) => handle.onconnection?.(0, connection) });
});

function makeServer(): ServerInternals {
  const server: ServerInternals = Object.assign(new EventEmitter(), { _handle: null, _listen2: nodeListen });
  hookPlain(connections, server);
  onTestFinished(() => server._handle?.close());
  return server;
}

/** The message goes out at the end of the turn. */
const turn = (): Promise<void> => Promise.resolve();
const NAME = { address: '::', port: 3000, family: 'IPv6' };

it('asks the primary, counts as listening meanwhile, and lets Node go on with the answer', async () => {
  const server = makeServer();
  server._listen2(null, 3000, 4, 100, undefined, 1);
  const name = {};
  expect(server._handle?.getsockname?.(name)).toBe(0);
  expect(name).toEqual(NAME);
  await turn();
  expect(sent).toMatchObject([{ t: 'listen', seq: 1, query: { key: '*|3000|4|0', address: null, port: 3000, backlog: 100, flags: 1 } }]);
  expect(nodeListen).not.toHaveBeenCalled();
  connections.listening(1, 0, NAME);
  expect(nodeListen.mock.calls).toEqual([['::', 3000, 6, 100, undefined, 1]]);
  expect(server._handle?.listen(100)).toBe(0);
});

it('sends the mode that Node sets on the handle of a Unix socket in the same turn', async () => {
  const server = makeServer();
  server._listen2('/run/app.sock', -1, -1);
  (server._handle as unknown as { fchmod(mode: number): number }).fchmod(3);
  await turn();
  expect(sent).toMatchObject([{ query: { address: '/run/app.sock', readableAll: true, writableAll: true } }]);
});

it('a refused socket is an error of `listen`, as Node expects it', async () => {
  const server = makeServer();
  server._listen2('127.0.0.1', 3000, 4);
  await turn();
  connections.listening(1, -98, null);
  expect(nodeListen).toHaveBeenCalledTimes(1);
  expect(server._handle?.listen(511)).toBe(-98);
});

it('gives back the socket of a server that was closed before the answer', async () => {
  const server = makeServer();
  server._listen2(null, 3000, 4);
  await turn();
  server._handle?.close();
  server._handle = null;
  expect(sent).toHaveLength(1);
  connections.listening(1, 0, NAME);
  expect(nodeListen).not.toHaveBeenCalled();
  expect(sent.slice(1)).toEqual([{ t: 'unlisten', key: '*|3000|4|0' }]);
});

it.each([
  ['a file descriptor', (server: ServerInternals) => server._listen2(null, 0, 4, 511, 7)],
  [
    'a server that has a handle',
    (server: ServerInternals) => {
      server._handle = { listen: () => 0, close: () => {}, ref: () => {}, unref: () => {} };
      server._listen2(null, 3000, 4);
    },
  ],
  [
    'a primary that is gone',
    (server: ServerInternals) => {
      Object.defineProperty(process, 'connected', { value: false, configurable: true, writable: true });
      server._listen2(null, 3000, 4);
    },
  ],
])('leaves %s to Node', (_, listen) => {
  listen(makeServer());
  expect(nodeListen).toHaveBeenCalledTimes(1);
  expect(sent).toEqual([]);
});
