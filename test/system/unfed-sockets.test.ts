import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { boundSockets, inspectorPorts, listeningUnixSockets, openByItself, readListening } from '../../src/system/unfed-sockets.ts';
import { freePort } from '../helpers/ports.ts';

it('reads listening TCP and bound UDP sockets from the tables of the kernel', () => {
  const tcp = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:0BB8 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4711 1 0
   1: 0100007F:0BB8 0100007F:D431 01 00000000:00000000 00:00000000 00000000  1000        0 4712 1 0`;
  expect(boundSockets(tcp, 'tcp')).toEqual([{ protocol: 'tcp', address: '127.0.0.1', port: 3_000, connected: false, inode: '4711' }]);
  const tcp6 = `   0: 00000000000000000000000000000000:0050 00000000000000000000000000000000:0000 0A 0:0 0:0 0 0 0 1
   1: 00000000000000000000000001000000:0050 00000000000000000000000000000000:0000 0A 0:0 0:0 0 0 0 2
   2: B80D0120000000000000000001000000:0050 00000000000000000000000000000000:0000 0A 0:0 0:0 0 0 0 3`;
  expect(boundSockets(tcp6, 'tcp6').map(({ address }) => address)).toEqual(['::', '::1', '2001:db8:0:0:0:0:0:1']);
  const udp = `  100: 00000000:14E9 00000000:0000 07 0:0 0:0 0 0 0 5
  101: 0100007F:007B 08080808:0035 01 0:0 0:0 0 0 0 6
  102: 00000000:0000 00000000:0000 07 0:0 0:0 0 0 0 7`;
  expect(boundSockets(udp, 'udp').map(({ port, connected }) => [port, connected])).toEqual([
    [5_353, false],
    [123, true],
  ]);
});

it('of a table of TCP sockets reads only the beginning, in which those are that listen', () => {
  const directory = mkdtempSync(join(tmpdir(), 'lb-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const line = (index: number, state: string): string => `   ${index}: 0100007F:0BB8 00000000:0000 ${state} 0:0 0:0 0 0 0 ${index + 1}\n`;
  const lines = (count: number, state: string): string => Array.from({ length: count }, (_, index) => line(index, state)).join('');
  const table = join(directory, 'tcp');
  const head = '  sl  local_address rem_address   st\n';
  for (const [listening, connections] of [
    [500, 20_000],
    [500, 0],
    [0, 20_000],
    [0, 0],
  ] as const) {
    writeFileSync(table, head + lines(listening, '0A') + lines(connections, '01'));
    const text = readListening(table);
    expect(boundSockets(text, 'tcp')).toHaveLength(listening);
    expect(text.length).toBeLessThan(80_000);
  }
  expect(readListening(join(directory, 'none'))).toBe('');
});

it('reads listening Unix sockets', () => {
  const unix = `Num       RefCount Protocol Flags    Type St Inode Path
0000000000000000: 00000002 00000000 00010000 0001 01 31 /run/my app.sock
0000000000000000: 00000003 00000000 00000000 0001 03 32 /run/my app.sock
0000000000000000: 00000002 00000000 00010000 0001 01 33`;
  expect(listeningUnixSockets(unix).map(({ address, inode }) => [address, inode])).toEqual([
    ['/run/my app.sock', '31'],
    ['', '33'],
  ]);
});

it('reads the ports of inspectors from command lines', () => {
  const words = [
    'node',
    '--inspect',
    '--inspect-brk=9230',
    '--inspect=0.0.0.0:9300',
    '--inspect-port=0',
    '--inspect-publish-uid=http',
    'app.js',
    '--inspector',
  ];
  expect(inspectorPorts(words)).toEqual([9_230, 9_300, 0]);
});

const LISTENS = `require('node:net').createServer().listen(process.env.PORT, '127.0.0.1', () => console.log('up'))`;

async function started(program: string, env: Record<string, string>, options: object = {}): Promise<ChildProcess> {
  const child = spawn(process.execPath, ['-e', program], { env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'inherit'], ...options });
  onTestFinished(() => void child.kill('SIGKILL'));
  if (child.stdout !== null) await once(child.stdout, 'data');
  return child;
}

it('finds what a process and its descendants have open, without what this process lends them', async () => {
  const [own, lent, detached] = [await freePort(), await freePort(), await freePort()];
  const server = createServer().listen(lent, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const program = `
    const { spawn } = require('node:child_process');
    const start = (port, detached) => spawn(process.execPath, ['-e', ${JSON.stringify(LISTENS)}], { detached, env: { PORT: port }, stdio: ['pipe', 'pipe', 'inherit'] });
    const children = [start('${own}', false), start('${detached}', true)];
    let up = 0;
    for (const child of children) child.stdout.once('data', () => ++up === 2 && console.log('up'));
    process.on('SIGTERM', () => { for (const child of children) child.kill('SIGKILL'); process.exit(); });
  `;
  const { _handle: handle } = server as unknown as { _handle: { fd: number } };
  const child = await started(program, {}, { stdio: ['pipe', 'pipe', 'inherit', handle.fd] });
  onTestFinished(async () => {
    child.kill('SIGTERM');
    await once(child, 'exit');
  });
  const { sockets, ephemeralPorts } = await openByItself(child.pid ?? 0);
  expect(sockets.map(({ protocol, address, port }) => `${protocol} ${address}:${port}`)).toEqual([`tcp 127.0.0.1:${own}`]);
  expect(ephemeralPorts[1]).toBeGreaterThan(ephemeralPorts[0]);
});

it('finds nothing in a process that is gone', async () => {
  expect((await openByItself(2 ** 22 + 1)).sockets).toEqual([]);
});
