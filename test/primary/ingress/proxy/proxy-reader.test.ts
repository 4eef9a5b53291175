import { fork, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { ProxyReader, type ProxyReaderOptions } from '../../../../src/primary/ingress/proxy/proxy-reader.ts';
import { stealHandle, type RawConnection } from '../../../../src/primary/handles/raw-handles.ts';
import type { Peer } from '../../../../src/protocol/proxy-header.ts';

const V1 = 'PROXY TCP4 192.0.2.7 198.51.100.1 56324 443\r\n';
const V2 = Buffer.concat([Buffer.from('\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c', 'latin1'), Buffer.from([192, 0, 2, 7, 198, 51, 100, 1, 0xdc, 0x04, 0x01, 0xbb])]);
/** Longer than the initial buffer. */
const V2_WITH_TLV = Buffer.concat([V2.subarray(0, 14), Buffer.from([0x0f, 0x0f]), V2.subarray(16), Buffer.from([0x04, 0x0f, 0x00]), Buffer.alloc(0xf00, 7)]);
const PEER: Peer = { source: { address: '192.0.2.7', port: 56324, family: 'IPv4' }, destination: { address: '198.51.100.1', port: 443, family: 'IPv4' } };

let child: ChildProcess;
beforeAll(async () => {
  child = fork(join(import.meta.dirname, 'echo-child.cjs'), { execArgv: [] });
  await once(child, 'spawn');
});
afterAll(async () => {
  child.disconnect();
  await once(child, 'exit');
});

interface Listening {
  readonly reader: ProxyReader;
  readonly peers: (Peer | null)[];
  readonly rejections: string[];
  readonly connect: () => Socket;
}

/** A listener like the primary's. Accepted connections go to the child, as to a worker. */
async function listen(changes: Partial<ProxyReaderOptions> = {}, path?: string): Promise<Listening> {
  const peers: (Peer | null)[] = [];
  const rejections: string[] = [];
  const accepted = (connection: RawConnection, peer: Peer | null): void => {
    peers.push(peer);
    child.send({}, connection as never, () => connection.close());
  };
  const reader = new ProxyReader({ timeoutMs: 60_000, trusted: () => true, accepted, rejected: (reason) => rejections.push(reason), ...changes });
  const server = createServer();
  server.listen(path === undefined ? { port: 0, host: '127.0.0.1' } : { path });
  await once(server, 'listening');
  const where = path ?? { port: (server.address() as AddressInfo).port, host: '127.0.0.1' };
  const handle = stealHandle(server);
  handle.onconnection = (_status, connection) => connection !== undefined && reader.read(connection);
  onTestFinished(() => {
    reader.close();
    handle.close();
  });
  return {
    reader,
    peers,
    rejections,
    connect: () =>
      connect(where as { port: number })
        .setNoDelay()
        .on('error', () => {}),
  };
}

async function everythingFrom(socket: Socket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** Resolves when the connection is reset or ended, whichever the kernel chooses. */
const closed = (socket: Socket): Promise<void> => new Promise((resolve) => socket.once('close', () => resolve()));

const openSockets = (): number => readdirSync('/proc/self/fd').filter((fd) => isSocket(fd)).length;

function isSocket(fd: string): boolean {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`).startsWith('socket:');
  } catch {
    return false;
  }
}

describe('ProxyReader hands over', () => {
  it.each([
    ['version 1', V1, PEER],
    ['version 2', V2, PEER],
    ['version 2 with 3,840 bytes of TLVs', V2_WITH_TLV, PEER],
    ['UNKNOWN', 'PROXY UNKNOWN\r\n', null],
  ])('%s and payload in one packet', async (_, header, peer) => {
    const listening = await listen();
    const payload = randomBytes(300_000);
    const socket = listening.connect();
    socket.end(Buffer.concat([Buffer.from(header), payload]));
    expect((await everythingFrom(socket)).equals(payload)).toBe(true);
    expect(listening.peers).toEqual([peer]);
    expect(listening.reader.reading).toBe(0);
  });

  it.each([
    ['version 1', V1],
    ['version 2', V2],
  ])('%s that comes byte by byte', async (_, header) => {
    const listening = await listen();
    const socket = listening.connect();
    await once(socket, 'connect');
    for (const byte of Buffer.from(header)) {
      socket.write(Buffer.of(byte));
      await new Promise(setImmediate);
    }
    socket.end('payload');
    expect((await everythingFrom(socket)).toString()).toBe('payload');
    expect(listening.peers).toEqual([PEER]);
  });

  it('a connection whose server speaks first', async () => {
    const listening = await listen();
    const socket = listening.connect();
    socket.write(V1);
    await vi.waitFor(() => expect(listening.peers).toEqual([PEER]));
    socket.end('later');
    expect((await everythingFrom(socket)).toString()).toBe('later');
  });

  it('connections of a Unix socket', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'lb-proxy-'));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    const trusted = vi.fn(() => true);
    const listening = await listen({ trusted }, join(directory, 'app.sock'));
    const socket = listening.connect();
    socket.end(`${V1}payload`);
    expect((await everythingFrom(socket)).toString()).toBe('payload');
    expect(listening.peers).toEqual([PEER]);
    expect(trusted).toHaveBeenCalledWith(undefined);
  });

  it('many connections at once, without keeping any', async () => {
    const listening = await listen();
    const before = openSockets();
    for (let round = 0; round < 5; round++) {
      const answers = Array.from({ length: 100 }, async (_, n) => {
        const socket = listening.connect();
        socket.end(`${V1}payload ${n}`);
        return (await everythingFrom(socket)).toString();
      });
      expect(await Promise.all(answers)).toEqual(Array.from({ length: 100 }, (_, n) => `payload ${n}`));
    }
    expect(listening.reader.reading).toBe(0);
    await vi.waitFor(() => expect(openSockets()).toBe(before));
  });
});

describe('ProxyReader closes', () => {
  it('malformed headers', async () => {
    const listening = await listen();
    const before = openSockets();
    for (const garbage of ['GET / HTTP/1.1\r\nhost: x\r\n\r\n', 'PROXY TCP4 nonsense from here to there\r\n', '\r\n\r\n\0\r\nQUIT\n\x31\x11\0\0']) {
      const socket = listening.connect();
      socket.write(garbage);
      await closed(socket);
    }
    expect(listening.rejections).toEqual(['malformed', 'malformed', 'malformed']);
    expect(listening.peers).toEqual([]);
    await vi.waitFor(() => expect(openSockets()).toBe(before));
  });

  it('connections whose header does not arrive in time', async () => {
    const listening = await listen({ timeoutMs: 20 });
    const socket = listening.connect();
    socket.write(V1.slice(0, -1));
    await closed(socket);
    expect(listening.rejections).toEqual(['timeout']);
    expect(listening.reader.reading).toBe(0);
  });

  it('connections from untrusted sources, unread', async () => {
    const listening = await listen({ trusted: (address) => address !== '127.0.0.1' });
    const socket = listening.connect();
    await closed(socket);
    expect(listening.rejections).toEqual(['untrusted']);
  });

  it('connections that end or break within the header', async () => {
    const listening = await listen();
    listening.connect().end(V1.slice(0, 20));
    const socket = listening.connect();
    socket.write(V1.slice(0, 20), () => socket.resetAndDestroy());
    await vi.waitFor(() => expect(listening.rejections).toEqual(['closed', 'closed']));
    expect(listening.reader.reading).toBe(0);
  });

  it('connections still being read when it is closed, without counting them', async () => {
    const listening = await listen();
    const socket = listening.connect();
    await vi.waitFor(() => expect(listening.reader.reading).toBe(1));
    listening.reader.close();
    await closed(socket);
    expect(listening.reader.reading).toBe(0);
    expect(listening.rejections).toEqual([]);
  });
});
