import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi, type Mock } from 'vitest';
import type { RawListener } from '../../../src/primary/handles/raw-handles.ts';
import { bindListener } from '../../../src/primary/ingress/bind-listener.ts';
import { Listeners } from '../../../src/primary/ingress/listeners.ts';
import type { ListenQuery } from '../../../src/protocol/worker.ts';

const QUERY = { address: null, port: null, backlog: null, flags: 0, readableAll: false, writableAll: false, kind: 'tcp' } as const;

let folder: string;
let path: string;
let duplicates: (RawListener | null)[] = [];
let asked = 0;
let accepted = 0;
let lent = false;
const listeners = new Listeners({
  bind: bindListener,
  onConnection: (_, connection) => {
    accepted++;
    connection.close();
  },
  onOpened: () => {},
  onClosed: () => {},
  onRenamed: () => {},
  isLent: () => lent,
  grant: () => Promise.resolve(-13),
  duplicate: () => {
    asked++;
    return Promise.resolve(duplicates.shift() ?? null);
  },
});

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lb-listeners-'));
  path = join(folder, 'app.sock');
  [duplicates, asked, accepted] = [[], 0, 0];
});

afterEach(() => {
  listeners.closeAllBut(new Set());
  rmSync(folder, { recursive: true });
});

it('never pauses a Unix socket, because closing its handle removes the file', async () => {
  const { errno } = await listeners.listen({ ...QUERY, key: path, address: path, addressType: -1 });
  await listeners.pause(path);
  await new Promise((resolve) => connect(path).once('close', resolve));
  expect([errno, asked, accepted, existsSync(path)]).toEqual([0, 0, 1, true]);
});

it('binds a Unix socket anew when the app has removed its file, and loses nobody who had connected', async () => {
  const query = { ...QUERY, key: path, address: path, addressType: -1 } as const;
  const first = await listeners.listen(query);
  const before = connect(path);
  const closed = once(before, 'close');
  await once(before, 'connect');
  rmSync(path);
  const [second, third] = await Promise.all([listeners.listen(query), listeners.listen(query)]);
  expect([second.listener, third.listener]).toEqual([first.listener, first.listener]);
  await closed;
  await new Promise((resolve) => connect(path).once('close', resolve));
  expect([accepted, listeners.all.length]).toEqual([2, 1]);
  expect((await listeners.listen(query)).errno).toBe(0);
  listeners.closeAllBut(new Set());
  expect(existsSync(path)).toBe(false);
});

it('a Unix socket whose directory has gone is closed, and the app gets the error', async () => {
  const deep = join(folder, 'deep', 'app.sock');
  mkdirSync(join(folder, 'deep'));
  const query = { ...QUERY, key: deep, address: deep, addressType: -1 } as const;
  await listeners.listen(query);
  rmSync(join(folder, 'deep'), { recursive: true });
  expect((await listeners.listen(query)).errno).toBeLessThan(0);
  expect(listeners.all).toEqual([]);
});

it('accepts no new clients on a Unix socket that is about to be closed, and serves those already waiting', async () => {
  await listeners.listen({ ...QUERY, key: path, address: path, addressType: -1 });
  const waiting = connect(path);
  await once(waiting, 'connect');
  listeners.narrow(path);
  await once(waiting, 'close');
  const [late] = await once(connect(path), 'error');
  expect([accepted, late]).toMatchObject([1, { code: 'ENOENT' }]);
});

it('removes the queue of a TCP socket that is about to be closed', async () => {
  const { listener } = await listeners.listen({ ...QUERY, key: 'a', address: '127.0.0.1', port: 0, addressType: 4 });
  listeners.narrow('a');
  const clients = Array.from({ length: 20 }, () => connect(listener?.name?.port ?? 0, '127.0.0.1'));
  let connected = 0;
  for (const client of clients) client.once('connect', () => connected++);
  await Promise.race(clients.map((client) => once(client, 'close')));
  // The kernel drops the first SYN of the others, which retry a second later.
  expect([connected, accepted]).toEqual([1, 1]);
  for (const client of clients) client.destroy();
});

const TCP = { ...QUERY, key: 'a', address: '127.0.0.1', port: 0, addressType: 4 } as const;
const fakeHandle = (): RawListener & { readonly close: Mock<() => void> } => ({ listen: () => 0, close: vi.fn<() => void>() });

it('closes a duplicate that arrives after its listener was closed', async () => {
  const { listener } = await listeners.listen(TCP);
  const duplicate = fakeHandle();
  duplicates = [duplicate];
  const paused = listeners.pause('a');
  listeners.closeAllBut(new Set());
  await paused;
  expect([duplicate.close.mock.calls.length, listener?.mode === 'paused']).toEqual([1, false]);
});

it('pauses with a duplicate, and has the next one ready when it accepts again', async () => {
  const { listener } = await listeners.listen(TCP);
  const polled = vi.spyOn(listener?.handle ?? fakeHandle(), 'close');
  const [first, second, third] = [fakeHandle(), fakeHandle(), fakeHandle()];
  duplicates = [first, second, third];
  await listeners.pause('a');
  expect([listener?.mode, listener?.handle === first, polled.mock.calls.length, asked]).toEqual(['paused', true, 1, 1]);
  listeners.resume('a');
  expect([listener?.mode, first.close.mock.calls.length, asked]).toEqual(['accepting', 0, 2]);
  await listeners.pause('a');
  expect([listener?.mode, listener?.handle === second, first.close.mock.calls.length, asked]).toEqual(['paused', true, 1, 2]);
  listeners.resume('a');
  // The socket is closed with the last of its handles.
  listeners.closeAllBut(new Set());
  await Promise.resolve();
  expect([second, third].map(({ close }) => close.mock.calls.length)).toEqual([1, 1]);
});

it('a listener that is resumed before its duplicate arrives goes on accepting, and keeps it for the next pause', async () => {
  const { listener } = await listeners.listen(TCP);
  const [before, duplicate] = [listener?.handle, fakeHandle()];
  duplicates = [duplicate];
  const paused = listeners.pause('a');
  listeners.resume('a');
  await paused;
  expect([listener?.mode, listener?.handle === before]).toEqual(['accepting', true]);
  await listeners.pause('a');
  expect([listener?.mode, listener?.handle === duplicate, asked]).toEqual(['paused', true, 1]);
});

it('goes on accepting when no duplicate can be made, and tries again at the next pause', async () => {
  const { listener } = await listeners.listen(TCP);
  await listeners.pause('a');
  expect(listener?.mode).toBe('accepting');
  duplicates = [fakeHandle()];
  await listeners.pause('a');
  expect([listener?.mode, asked]).toEqual(['paused', 2]);
});

it('of the sockets of an earlier primary, closes those that it has itself', async () => {
  await listeners.listen(TCP);
  const [own, older, newer] = [fakeHandle(), fakeHandle(), fakeHandle()];
  listeners.received('a', own, null);
  listeners.received('b', older, null);
  listeners.received('b', newer, null);
  expect([own, older, newer].map(({ close }) => close.mock.calls.length)).toEqual([1, 1, 0]);
  expect(listeners.held.map(({ key, handle }) => [key, handle === newer])).toEqual([
    ['a', false],
    ['b', true],
  ]);
});

describe('a socket that workers accept from', () => {
  const query = (port: number): ListenQuery => ({ ...QUERY, key: `lent ${port}`, port, addressType: 4 });
  const free = async (): Promise<number> => {
    const server = createServer().listen(0);
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, 'close');
    return port;
  };
  beforeEach(() => void (lent = true));
  afterEach(() => void (lent = false));

  it('is bound, but refuses connections until a worker listens', async () => {
    const port = await free();
    expect(await listeners.listen(query(port))).toMatchObject({ errno: 0, listener: { listens: false, mode: 'paused', name: { port } } });
    const [error] = await once(connect(port), 'error');
    expect([error, listeners.accepting]).toMatchObject([{ code: 'ECONNREFUSED' }, false]);
    listeners.accepted(`lent ${port}`);
    expect(listeners.accepting).toBe(true);
  });

  it('is not shared with another program', async () => {
    const taken = createServer().listen(0);
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    expect(await listeners.listen(query(port))).toEqual({ errno: -98, listener: null });
    taken.close();
    await once(taken, 'close');
    expect((await listeners.listen(query(port))).errno).toBe(0);
  });

  it('that an earlier primary had keeps listening, and is not polled', async () => {
    const handle = { listen: vi.fn(() => 0), close: () => {} };
    listeners.received('lent 1', handle, null);
    expect(await listeners.listen(query(1))).toMatchObject({ errno: 0, listener: { listens: true, mode: 'paused' } });
    expect(handle.listen).not.toHaveBeenCalled();
  });

  it('is accepted from here when the primary is to hand over, before it ever listened too', async () => {
    const port = await free();
    await listeners.listen(query(port));
    lent = false;
    listeners.resume(`lent ${port}`);
    const before = accepted;
    const client = connect(port);
    await vi.waitFor(() => expect(accepted).toBe(before + 1));
    client.destroy();
    expect(listeners.accepting).toBe(true);
  });

  it('that never listened lets nobody in when it is closed', async () => {
    const port = await free();
    await listeners.listen(query(port));
    listeners.narrow(`lent ${port}`);
    expect(await once(connect(port), 'error')).toMatchObject([{ code: 'ECONNREFUSED' }]);
  });
});
