/**
 * @module-tag every-kind
 * @module-tag every-node
 * @module-tag light
 */
import { readFileSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { http2Get } from '../helpers/clients/http2.ts';
import { connectEcho } from '../helpers/clients/websocket.ts';
import { getJson, request } from '../helpers/http.ts';
import { startLoad } from '../helpers/load.ts';
import { freePort } from '../helpers/ports.ts';
import { createSandbox } from '../helpers/sandbox.ts';
import { expectLossless, type AppIdentity } from '../helpers/tally.ts';

const sandbox = await createSandbox();

/** Both workers answer, on connections of their own and on kept ones. */
async function expectServes(name: string, port: number): Promise<void> {
  const pids = await sandbox.workerPids(name);
  expect(pids).toHaveLength(2);
  const each = startLoad({ port, mode: 'connection-per-request', clients: 2 });
  const kept = startLoad({ port, mode: 'keep-alive', clients: 2 });
  await Promise.all([each.waitForServed(20), kept.waitForServed(20)]);
  const tally = await each.stop();
  expectLossless(tally);
  expectLossless(await kept.stop());
  expect(Object.keys(tally.pids).map(Number).sort()).toEqual([...pids].sort());
}

it.each(['plain-http.cjs', 'esm-top-level-await.mjs', 'express.cjs', 'fastify.mjs', 'slow-boot.cjs'])('%s', async (script) => {
  const { name, port } = await sandbox.start(script);
  await expectServes(name, port);
});

it('ts-server.ts, where this Node strips types; elsewhere it says what would help', async () => {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const strips = major > 22 || (major === 22 && minor >= 6);
  const { name, port, result } = await sandbox.tryStart('ts-server.ts');
  if (strips) {
    expect(result.code, String(result)).toBe(0);
    await expectServes(name, port);
  } else {
    expect(result.code, String(result)).toBe(2);
    expect(result.stderr).toContain('does not run TypeScript');
    expect(result.stderr).toContain('npm install tsx');
  }
});

it('plain-net.cjs', async () => {
  const { name, port } = await sandbox.start('plain-net.cjs');
  const greeting = (): Promise<string> =>
    new Promise((resolve, reject) => {
      const socket = net.connect(port, '127.0.0.1').setEncoding('utf8').on('error', reject);
      let text = '';
      socket.on('data', (chunk: string) => {
        if (text === '') socket.write('ping\n');
        text += chunk;
        if (text.endsWith('ping\n')) resolve(socket.destroy() && text);
      });
    });
  const answers = new Set<string>();
  // Of plain workers, which accept themselves, the one that wakes first may get all of a few.
  await sandbox.waitFor('both workers to greet', async () => {
    for (const answer of await Promise.all(Array.from({ length: 10 }, greeting))) answers.add(answer);
    return answers.size === 2;
  });
  const pids = await sandbox.workerPids(name);
  expect([...answers].sort()).toEqual(pids.map((pid) => `hello from ${pid}\nping\n`).sort());
});

it('https.cjs', async () => {
  const { port } = await sandbox.start('https.cjs');
  expect(await getJson(port, '/', { tls: true })).toMatchObject({ version: 'TLSv1.3' });
});

it('http2-tls.cjs, for HTTP/2 and HTTP/1 clients', async () => {
  const { port } = await sandbox.start('http2-tls.cjs');
  expect(JSON.parse(await http2Get(port))).toMatchObject({ version: '2.0' });
  expect(await getJson(port, '/', { tls: true })).toMatchObject({ version: '1.1' });
});

it('websocket.cjs', async () => {
  const { name, port } = await sandbox.start('websocket.cjs');
  const clients = await Promise.all([1, 2, 3, 4].map(() => connectEcho(port)));
  for (const client of clients) expect(await client.echo('hello')).toBe('hello');
  await sandbox.waitForApp(name, 'count four connections', (now) => now.connections === 4);
  // Of plain workers, which accept themselves, the one that wakes first may have got all four.
  const pids = [...(await sandbox.workerPids(name))].sort();
  const served = (): number[] => [...new Set(clients.map((client) => client.pid))].sort();
  await sandbox.waitFor('both workers to have a client', async () => {
    if (served().length < 2) clients.push(await connectEcho(port));
    return served().length === 2;
  });
  expect(served()).toEqual(pids);
  for (const client of clients) client.close();
});

it('two-ports.cjs', async () => {
  const second = await freePort();
  const { name, port } = await sandbox.start('two-ports.cjs', { env: { SECOND_PORT: String(second) } });
  expect((await getJson(port)).version).toBe(String(port));
  expect((await getJson(second)).version).toBe(String(second));
  expect((await sandbox.snapshot(name)).listeners).toHaveLength(2);
});

it('listen-zero.cjs: one random port, the same for all workers', async () => {
  const { name } = await sandbox.start('listen-zero.cjs');
  const log = await sandbox.waitFor('both workers to tell their port', () => {
    const text = readFileSync(join(sandbox.home, 'logs', `${name}-out.log`), 'utf8');
    return text.match(/port \d+/g)?.length === 2 ? text : null;
  });
  const ports = new Set([...log.matchAll(/port (\d+)/g)].map((match) => Number(match[1])));
  expect(ports.size).toBe(1);
  const [port = 0] = ports;
  await expectServes(name, port);
  expect((await sandbox.snapshot(name)).listeners.join()).toContain(String(port));
});

it('unlinks-socket.cjs: the file that the app removes comes back, after a reload and a crash', async () => {
  const socketPath = join(sandbox.directory, 'unlinked.sock');
  const { name } = await sandbox.start('unlinks-socket.cjs', { env: { SOCKET: socketPath } });
  const served = async (): Promise<number> => (JSON.parse((await request('/', { socketPath })).body) as AppIdentity).pid;
  const before = await served();
  await sandbox.ok('reload', name, '--monitor', '100');
  expect(await served()).not.toBe(before);
  for (const pid of await sandbox.workerPids(name)) process.kill(pid, 'SIGKILL');
  await sandbox.waitForApp(name, 'have new workers', (now) => now.ready === 2 && now.restarts === 2);
  expect(await served()).toBeGreaterThan(0);
  await sandbox.ok('stop', name);
  await expect(request('/', { socketPath })).rejects.toThrow(/ENOENT|ECONNREFUSED/);
});

it('unix-socket.cjs, also after a reload', async () => {
  const socketPath = join(sandbox.directory, 'app.sock');
  const { name } = await sandbox.start('unix-socket.cjs', { env: { SOCKET: socketPath } });
  const load = startLoad({ socketPath, mode: 'connection-per-request' });
  await load.waitForServed(20);
  await sandbox.ok('reload', name, '--monitor', '100');
  await load.waitForServed(20);
  expectLossless(await load.stop());
  expect((await sandbox.snapshot(name)).listeners).toEqual([socketPath]);
  await sandbox.ok('stop', name);
  await expect(request('/', { socketPath })).rejects.toThrow(/ENOENT|ECONNREFUSED/);
});
