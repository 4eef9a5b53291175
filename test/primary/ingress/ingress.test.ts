import { spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { AppSpec } from '../../../src/lifecycle/app-spec.ts';
import { Ingress } from '../../../src/primary/ingress/ingress.ts';
import type { Serving } from '../../../src/primary/ingress/lending.ts';
import type { PendingConnection, Target } from '../../../src/primary/handles/connection.ts';
import type { WorkerHandle } from '../../../src/primary/workers/worker-handle.ts';
import type { ListenQuery } from '../../../src/protocol/worker.ts';
import { sampleSpec } from '../../lifecycle/sample-spec.ts';

const HEADER = 'PROXY TCP4 192.0.2.7 198.51.100.1 56324 443\r\n';
const QUERY: ListenQuery = {
  key: 'a',
  address: '127.0.0.1',
  port: 0,
  addressType: 4,
  backlog: null,
  flags: 0,
  readableAll: false,
  writableAll: false,
  kind: 'http',
};

/** Takes each connection immediately and closes it. */
class Taker implements Target {
  readonly slot = 0;
  readonly connections = 0;
  pending: PendingConnection | null = null;
  readonly sources: (string | null)[] = [];
  hand({ peer, connection }: PendingConnection): void {
    this.sources.push(peer?.source.address ?? null);
    this.pending = null;
    connection.close();
  }
}

let ingress: Ingress;
let kept: string[];
let dropped: Promise<void>;
beforeEach(() => {
  kept = [];
  dropped = Promise.resolve();
  const drop = (key: string): Promise<void> => {
    kept.push(`drop ${key}`);
    return dropped;
  };
  const keeper = { keep: ({ key }: { key: string }) => kept.push(`keep ${key}`), drop };
  ingress = new Ingress({ keeper, duplicate: () => Promise.resolve(null) });
});
afterEach(() => ingress.closeAllBut(new Set()));

async function open(spec: Partial<AppSpec> = {}): Promise<{ readonly port: number; readonly taker: Taker }> {
  ingress.configure(sampleSpec(spec));
  const { errno, name } = await ingress.listen(QUERY);
  expect(errno).toBe(0);
  const taker = new Taker();
  ingress.dispatcher.route('a', [{ target: taker, weight: 1, backup: false }]);
  return { port: name?.port ?? 0, taker };
}

/** Sends data and waits until the connection is closed. */
async function send(port: number, text: string): Promise<void> {
  const socket = connect(port, '127.0.0.1')
    .on('error', () => {})
    .resume();
  onTestFinished(() => void socket.destroy());
  socket.write(text);
  await new Promise((resolve) => socket.once('close', resolve));
}

it('passes connections to the dispatcher', async () => {
  const { port, taker } = await open();
  expect([ingress.labels, ingress.open.length > 0, ingress.probed.map(({ key }) => key)]).toEqual([[`127.0.0.1:${port}`], true, ['a']]);
  await send(port, HEADER);
  expect(taker.sources).toEqual([null]);
});

it('reads a PROXY header where one is expected, and counts connections without one', async () => {
  const { port, taker } = await open({ proxyProtocol: { ports: null, from: null } });
  await send(port, HEADER);
  await send(port, 'GET / HTTP/1.1\r\n\r\n');
  expect(taker.sources).toEqual(['192.0.2.7']);
  expect(ingress.proxyRejections).toEqual({ malformed: 1, timeout: 0, untrusted: 0, closed: 0 });
});

it('expects the header on the configured ports only, also after a change', async () => {
  const { port, taker } = await open({ proxyProtocol: { ports: [1], from: null } });
  await send(port, HEADER);
  ingress.configure(sampleSpec({ proxyProtocol: { ports: [1, port], from: null } }));
  await send(port, HEADER);
  expect(taker.sources).toEqual([null, '192.0.2.7']);
});

it('accepts headers from trusted addresses only', async () => {
  const { port, taker } = await open({ proxyProtocol: { ports: null, from: ['10.0.0.0/8'] } });
  await send(port, HEADER);
  ingress.configure(sampleSpec({ proxyProtocol: { ports: null, from: ['10.0.0.0/8', '127.0.0.1'] } }));
  await send(port, HEADER);
  expect([taker.sources, ingress.proxyRejections.untrusted]).toEqual([['192.0.2.7'], 1]);
});

describe('where workers accept', () => {
  /** What a worker does with its sockets. */
  const lent = (): { readonly serving: Serving; readonly log: string[] } => {
    const log: string[] = [];
    const worker = {
      keys: new Set(['a', 'b']),
      handOff: { lend: (key: string) => log.push(`gets ${key}`) },
      channel: { post: ({ key }: { key: string }) => log.push(`loses ${key}`) },
    };
    return { serving: { members: [worker as unknown as WorkerHandle], isBackup: () => false }, log };
  };

  it('lends its sockets to the workers, except a Unix socket', async () => {
    ingress.letAccept(true);
    expect((await ingress.listen(QUERY)).errno).toBe(0);
    const path = join(mkdtempSync(join(tmpdir(), 'lb-ingress-')), 's');
    expect((await ingress.listen({ ...QUERY, key: 'b', addressType: -1, address: path, port: null })).errno).toBe(0);
    const { serving, log } = lent();
    ingress.lend(serving);
    expect([log, kept, ingress.listeners.accepting]).toEqual([['gets a'], ['keep a', 'keep b'], false]);
    ingress.borrowed(serving.members[0] as WorkerHandle, 'a', true);
    expect(ingress.listeners.accepting).toBe(true);
  });

  it('takes the sockets back, and accepts itself', async () => {
    ingress.letAccept(true);
    const { name } = await ingress.listen(QUERY);
    const { serving, log } = lent();
    ingress.lend(serving);
    ingress.letAccept(false);
    ingress.lend(serving);
    expect([log, ingress.listeners.accepting]).toEqual([['gets a', 'loses a'], true]);
    const taker = new Taker();
    ingress.dispatcher.route('a', [{ target: taker, weight: 1, backup: false }]);
    await send(name?.port ?? 0, 'x');
    expect(taker.sources).toHaveLength(1);
  });
});

it('closes unused listeners, and drops their duplicates', async () => {
  await open();
  ingress.closeAllBut(new Set(['a']));
  expect(kept).toEqual(['keep a']);
  ingress.closeAllBut(new Set());
  expect([kept, ingress.open.length > 0, ingress.dispatcher.queued]).toEqual([['keep a', 'drop a'], false, 0]);
});

describe('an ingress that is shut', () => {
  const shut = (): Promise<void> => ingress.shut(() => {});
  /** Clients whose connections the kernel accepts while this process does not poll. */
  const queue = (port: number, clients: number): void => {
    const program = `for (let i = 0; i < ${clients}; i++) require('net').connect(${port}, '127.0.0.1').on('connect', () => { if (++n === ${clients}) process.exit(); }); let n = 0; setTimeout(() => process.exit(1), 5000)`;
    expect(spawnSync(process.execPath, ['-e', program]).status).toBe(0);
  };

  it('serves connections until it is the only holder of the socket, and all that the kernel has accepted by then', async () => {
    const { port, taker } = await open();
    let drop = (): void => {};
    dropped = new Promise((resolve) => (drop = resolve));
    const ended = shut();
    await send(port, 'x');
    expect([taker.sources.length, ingress.open.length > 0]).toEqual([1, true]);
    queue(port, 20);
    drop();
    await ended;
    expect([taker.sources.length, ingress.open.length > 0]).toEqual([21, false]);
    expect(kept).toEqual(['keep a', 'drop a', 'drop a']);
  });

  it('waits until every accepted connection has a worker', async () => {
    const { port, taker } = await open();
    const busy: PendingConnection[] = [];
    taker.hand = (pending) => void busy.push(pending);
    const clients = [send(port, '1'), send(port, '2')];
    await vi.waitFor(() => expect([busy.length, ingress.dispatcher.queued]).toEqual([1, 1]));
    let isShut = false;
    const ended = shut().then(() => (isShut = true));
    await vi.waitFor(() => expect(ingress.open.length > 0).toBe(false));
    expect([isShut, busy.length, ingress.dispatched]).toEqual([false, 1, ['a']]);
    taker.pending = null;
    ingress.dispatcher.pumpFor(taker);
    await ended;
    expect([busy.length, ingress.dispatched]).toEqual([2, []]);
    for (const { connection } of busy) connection.close();
    await Promise.all(clients);
  });

  it('closes inherited sockets that no worker asked for', async () => {
    const close = vi.fn();
    ingress.received('old', { close, listen: () => 0 }, null);
    ingress.received('other', { close, listen: () => 0 }, null);
    await shut();
    expect([new Set(kept), close.mock.calls.length]).toEqual([new Set(['drop old', 'drop other']), 2]);
  });

  it('opens no more listeners, but reports success to a booting worker', async () => {
    await shut();
    expect(await ingress.listen({ ...QUERY, port: 3000 })).toEqual({ errno: 0, name: { address: '127.0.0.1', port: 3000, family: 'IPv4' } });
    expect([kept, ingress.open.length > 0]).toEqual([[], false]);
  });

  it('also serves a paused listener', async () => {
    const { port, taker } = await open({ maxQueue: 1 });
    vi.spyOn(ingress.listeners, 'resume');
    const busy: PendingConnection[] = [];
    taker.hand = (pending) => void busy.push(pending);
    const clients = [send(port, '1'), send(port, '2')];
    await vi.waitFor(() => expect(ingress.dispatcher.queued).toBe(1));
    const ended = shut();
    await vi.waitFor(() => expect(ingress.listeners.resume).toHaveBeenCalledWith('a'));
    taker.pending = null;
    ingress.dispatcher.pumpFor(taker);
    await ended;
    for (const { connection } of busy) connection.close();
    await Promise.all(clients);
  });
});
