/** @module-tag light */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import http from 'node:http';
import net, { type Socket } from 'node:net';
import { join } from 'node:path';
import { expect, it, onTestFinished, type TestContext } from 'vitest';
import type { ProxyRejections } from '../../src/protocol/totals.ts';
import { debianPackage, needsPackage } from '../helpers/debian-package.ts';
import { freePort } from '../helpers/ports.ts';
import { createSandbox } from '../helpers/sandbox.ts';
import { waitFor, within } from '../helpers/wait.ts';

const sandbox = await createSandbox();
const HAPROXY = debianPackage('haproxy', 'haproxy');

interface Ends {
  readonly pid: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress: string;
  readonly localPort: number;
}

const accepts = (port: number): Promise<true> =>
  new Promise((resolve, reject) => {
    const probe = net.connect(port, '127.0.0.1', () => resolve(probe.destroy() && true)).on('error', reject);
  });

/** A real HAProxy in front of the app until the test ends; returns the port to connect to. */
async function startHaproxy(context: TestContext, appPort: number, send: 'send-proxy' | 'send-proxy-v2'): Promise<number> {
  const path = needsPackage(context, HAPROXY);
  const port = await freePort();
  const file = join(sandbox.directory, `haproxy-${port}.cfg`);
  const lines = [
    'defaults',
    '  mode tcp',
    '  timeout connect 5s',
    '  timeout client 30s',
    '  timeout server 30s',
    'listen app',
    `  bind 127.0.0.1:${port}`,
    `  server app 127.0.0.1:${appPort} ${send}`,
  ];
  writeFileSync(file, `${lines.join('\n')}\n`);
  const haproxy = spawn(path, ['-db', '-f', file], { stdio: ['ignore', 'ignore', 'pipe'] });
  const exited = once(haproxy, 'exit');
  let output = '';
  haproxy.stderr.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
  onTestFinished(async () => {
    haproxy.kill('SIGTERM');
    await exited;
  });
  await waitFor('HAProxy to accept connections', () => accepts(port), { context: () => output });
  return port;
}

/** Asks on a connection of its own; the answer, and the port it was asked from. */
async function askFrom(localAddress: string, port: number): Promise<{ readonly ends: Ends; readonly clientPort: number }> {
  const request = http.get({ host: '127.0.0.1', port, localAddress, agent: false });
  let clientPort = 0;
  request.once('socket', (socket) => socket.once('connect', () => (clientPort = socket.localPort ?? 0)));
  const [response] = (await within('an answer', 10_000, once(request, 'response'))) as [http.IncomingMessage];
  let text = '';
  for await (const chunk of response) text += String(chunk);
  return { ends: JSON.parse(text) as Ends, clientPort };
}

/** Everything that comes back until the other side closes. */
function exchange(port: number, bytes: string, localAddress = '127.0.0.1'): Promise<string> {
  const socket: Socket = net.connect({ port, host: '127.0.0.1', localAddress });
  let text = '';
  socket
    .setEncoding('latin1')
    .on('data', (chunk: string) => (text += chunk))
    .on('error', () => {});
  socket.write(bytes, 'latin1');
  return within('the connection to be closed', 10_000, new Promise((resolve) => socket.once('close', () => resolve(text))));
}

const GET = 'GET / HTTP/1.1\r\nHost: app\r\nConnection: close\r\n\r\n';
const endsIn = (answer: string): Ends => JSON.parse(answer.slice(answer.indexOf('{'), answer.lastIndexOf('}') + 1)) as Ends;

const rejected = async (name: string): Promise<ProxyRejections> => (await sandbox.snapshot(name)).proxyRejections;

it.for(['send-proxy', 'send-proxy-v2'] as const)('behind HAProxy with %s the app sees the client', { tags: ['every-node'] }, async (send, context) => {
  const { port } = await sandbox.start('peer-address.cjs', { flags: ['--proxy-protocol'] });
  const front = await startHaproxy(context, port, send);
  for (const address of ['127.0.0.2', '127.9.8.7']) {
    const { ends, clientPort } = await askFrom(address, front);
    expect(ends).toMatchObject({ remoteAddress: address, remotePort: clientPort, localAddress: '127.0.0.1', localPort: front });
  }
});

it('ip-hash goes by the client of the header', async (context) => {
  const { name, port } = await sandbox.start('peer-address.cjs', { instances: 4, flags: ['--proxy-protocol', '--balance', 'ip-hash'] });
  const front = await startHaproxy(context, port, 'send-proxy-v2');
  const clients = Array.from({ length: 60 }, (_, n) => `127.0.1.${n + 1}`);
  const pidsOf = (): Promise<number[]> => Promise.all(clients.map(async (address) => (await askFrom(address, front)).ends.pid));
  const first = await pidsOf();
  expect([...new Set(first)].sort()).toEqual([...(await sandbox.workerPids(name))].sort());
  expect(await pidsOf()).toEqual(first);
});

it('a malformed header closes its connection and is counted; others are served', { tags: ['every-node'] }, async () => {
  const { name, port } = await sandbox.start('peer-address.cjs', { flags: ['--proxy-protocol'] });
  const before = await rejected(name);
  expect(await exchange(port, GET)).toBe('');
  expect(await exchange(port, `PROXY TCP4 192.0.2.256 198.51.100.1 1 2\r\n${GET}`)).toBe('');
  expect(await rejected(name)).toEqual({ ...before, malformed: before.malformed + 2 });

  const named = endsIn(await exchange(port, `PROXY TCP6 2001:db8::7 2001:db8::1 56324 443\r\n${GET}`));
  expect(named).toMatchObject({ remoteAddress: '2001:db8::7', remotePort: 56324, localAddress: '2001:db8::1', localPort: 443 });
  const local = endsIn(await exchange(port, `\r\n\r\n\0\r\nQUIT\n\x20\0\0\0${GET}`));
  expect(local).toMatchObject({ localPort: port });
  expect(local.remoteAddress).toMatch(/127\.0\.0\.1$/);
});

it('sources that are not trusted are closed and counted', async () => {
  const flags = ['--proxy-protocol', '--proxy-protocol-from', '127.0.0.9,10.0.0.0/8'];
  const { name, port } = await sandbox.start('peer-address.cjs', { flags });
  const header = `PROXY TCP4 192.0.2.7 198.51.100.1 56324 443\r\n${GET}`;
  expect(await exchange(port, header)).toBe('');
  expect(await rejected(name)).toMatchObject({ untrusted: 1, malformed: 0 });
  expect(endsIn(await exchange(port, header, '127.0.0.9'))).toMatchObject({ remoteAddress: '192.0.2.7' });
});
