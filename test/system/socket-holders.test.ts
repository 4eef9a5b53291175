import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { holdersOfPath, holdersOfPort, tcpSockets, unixListening } from '../../src/system/socket-holders.ts';

const TCP = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:07E8 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1288 1 00000000c28e7ad8 100 0 0 10 0
   1: 0100007F:0BB8 0100007F:6581 01 00000000:00000000 03:0000119C 00000000     0        0 77 3 00000000dc234a04
   2: 0100007F:0BB8 00000000:0000 0A 00000000:00000000 00:00000000 00000000    33        0 4711 1 00000000c28e7ad9 100 0 0 10 0
`;
const TCP6 = `  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000000000000000000000000000:0BB8 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 815 1 0000000053f 100 0 0 10 0
`;
const UNIX = `Num       RefCount Protocol Flags    Type St Inode Path
00000000b0d96b72: 00000002 00000000 00010000 0001 01 2173023 /run/my app.sock
00000000995e6f24: 00000003 00000000 00000000 0001 03  1284 /run/my app.sock
00000000e3567f26: 00000003 00000000 00000000 0001 03  1285
`;

describe("the kernel's tables", () => {
  it.each([
    ['another port', 3001, null, []],
    ['every address', 3000, null, [{ inode: '4711', uid: 33 }]],
    ['every address, as it is written', 3000, '0.0.0.0', [{ inode: '4711', uid: 33 }]],
    ['the same address', 3000, '127.0.0.1', [{ inode: '4711', uid: 33 }]],
    ['an IPv6 address', 3000, '::1', [{ inode: '4711', uid: 33 }]],
    ['another address', 3000, '127.0.0.2', []],
    ['an address, and a socket of every address', 2024, '127.0.0.2', [{ inode: '1288', uid: 0 }]],
  ])('TCP: %s', (_, port, address, found) => {
    expect(tcpSockets(TCP, port, address)).toEqual(found);
  });

  it('TCP over IPv6 holds IPv4 addresses too', () => {
    expect(tcpSockets(TCP6, 3000, '127.0.0.1')).toEqual([{ inode: '815', uid: 1000 }]);
    expect(tcpSockets('', 3000, null)).toEqual([]);
  });

  it('Unix sockets: the listening one', () => {
    expect(unixListening(UNIX, '/run/my app.sock')).toEqual([{ inode: '2173023', uid: null }]);
    expect(unixListening(UNIX, '/run/other.sock')).toEqual([]);
  });
});

describe.runIf(process.platform === 'linux')('on this machine', () => {
  async function listening(server: Server): Promise<Server> {
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    return server;
  }

  it('finds this process by its port', async () => {
    const server = await listening(createServer().listen(0, '127.0.0.1'));
    const { port } = server.address() as AddressInfo;
    expect(await holdersOfPort(port, null)).toEqual({ pids: [process.pid], uid: process.getuid?.() });
    server.close();
    await once(server, 'close');
    expect(await holdersOfPort(port, null)).toBeNull();
  });

  it('finds this process by a port that one of its outgoing connections has', async () => {
    const server = await listening(createServer().listen(0, '127.0.0.1'));
    const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
    onTestFinished(() => void client.destroy());
    await once(client, 'connect');
    expect(await holdersOfPort(client.localPort ?? 0, null)).toEqual({ pids: [process.pid], uid: process.getuid?.() });
  });

  it('finds this process by a path', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'lb-holders-'));
    onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
    const path = join(directory, 's.sock');
    await listening(createServer().listen(path));
    expect(await holdersOfPath(path)).toEqual({ pids: [process.pid], uid: null });
  });
});
