import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { expect, it, onTestFinished } from 'vitest';
import { getJson, request } from '../helpers/http.ts';
import { startLoad } from '../helpers/load.ts';
import { freePort } from '../helpers/ports.ts';
import { createSandbox } from '../helpers/sandbox.ts';
import { expectLossless } from '../helpers/tally.ts';

const sandbox = await createSandbox();

interface Seen {
  readonly isPrimary: boolean;
  readonly isWorker: boolean;
  readonly names: readonly string[];
  readonly nodeOptions: string | null;
  readonly execArgv: readonly string[];
  readonly args: readonly string[];
  readonly debugPort: number;
  readonly sync: { readonly listening: boolean; readonly port: number | null };
  readonly pid: number;
}

const commandOf = (pid: number): string[] => readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(1, -1);

/** An app started without a number of workers: `lb start app.js`. */
async function startAlone(script: string, flags: readonly string[] = [], env: Record<string, string> = {}): ReturnType<typeof sandbox.start> {
  return sandbox.start(script, { instances: null, flags: [...flags], env });
}

it('without a number of workers, an app runs as under node: nothing shows but its instance number', { tags: ['every-node'] }, async () => {
  const { name, port } = await startAlone('identity.cjs', [], { NODE_OPTIONS: '--no-deprecation' });
  const seen = JSON.parse((await request('/', { port })).body) as Seen;
  expect(seen).toMatchObject({ isPrimary: true, isWorker: false, nodeOptions: '--no-deprecation', execArgv: [], args: [] });
  expect([...seen.names].sort()).toEqual(['NODE_APP_INSTANCE', 'NODE_OPTIONS']);
  expect(seen.sync).toEqual({ listening: true, port });
  expect(commandOf(seen.pid)).toEqual([expect.stringMatching(/identity\.cjs$/)]);
  expect((await sandbox.ok('show', name)).stdout).toMatch(/exec_mode +fork/);
});

it('inspector options of the app stay as they are', { tags: ['every-node'] }, async () => {
  const { port } = await startAlone('identity.cjs', ['--node-args', '--inspect=127.0.0.1:0']);
  const seen = JSON.parse((await request('/', { port })).body) as Seen;
  expect(commandOf(seen.pid)).toEqual(['--inspect=127.0.0.1:0', expect.stringMatching(/identity\.cjs$/)]);
  expect(seen.execArgv).toEqual(['--inspect=127.0.0.1:0']);
});

const inspectorPortsOf = async (name: string): Promise<string[]> =>
  [...(await sandbox.ok('logs', name, '--no-follow')).stdout.matchAll(/Debugger listening on ws:\/\/127\.0\.0\.1:(\d+)/g)].map(([, port = '']) => port);

it('with a fixed inspector port, the successor of a plain worker runs without one and says so, until a restart', async () => {
  const inspected = String(await freePort());
  const { name, port } = await startAlone('plain-http.cjs', ['--node-args', `--inspect=${inspected}`]);
  await sandbox.ok('reload', name, '--monitor', '100');
  expect((await getJson(port)).version).toBe('1');
  expect((await sandbox.ok('logs', name, '--no-follow')).stdout).toContain(`Starting inspector on 127.0.0.1:${inspected} failed: address already in use`);
  await sandbox.ok('restart', name);
  expect(await inspectorPortsOf(name)).toEqual([inspected, inspected]);
});

it('with a fixed inspector port, each cluster worker has one of its own, from that one on', async () => {
  const inspected = await freePort();
  const { name } = await sandbox.start('plain-http.cjs', { flags: ['--node-args', `--inspect=${inspected}`] });
  expect((await inspectorPortsOf(name)).sort()).toEqual([inspected, inspected + 1].map(String));
  for (let reload = 0; reload < 2; reload++) await sandbox.ok('reload', name, '--monitor', '100');
  const ports = (await inspectorPortsOf(name)).map(Number);
  expect(ports).toHaveLength(6);
  expect(Math.max(...ports)).toBeLessThanOrEqual(inspected + 3);
});

it('one plain worker accepts by itself: the primary has no connection of its clients', async () => {
  const { name, port } = await startAlone('plain-http.cjs');
  const load = startLoad({ port, mode: 'connection-per-request', clients: 4 });
  await load.waitForServed(50);
  await sandbox.ok('reload', name, '--monitor', '200');
  await load.waitForServed(50);
  expectLossless(await load.stop(), 'reload');
  const { workers, listeners } = await sandbox.waitForApp(name, 'have counted its connections', (now) => (now.workers[0]?.accepted ?? 0) >= 50);
  expect(listeners).toEqual([`*:${port}`]);
  expect(workers.map(({ handOffMs }) => handOffMs)).toEqual([null]);
});

it.each([
  ['plain', null],
  ['cluster', 2],
] as const)('a UDP app runs in a %s worker', { tags: ['every-node'] }, async (_, instances) => {
  const { name, port } = await sandbox.start('udp-echo.cjs', { instances, flags: ['--min-uptime', '200', '--listen-timeout', '1s'] });
  const client = createSocket('udp4');
  onTestFinished(() => void client.close());
  const answer = once(client, 'message').then(([message]: unknown[]) => Number(String(message)));
  client.send('who', port, '127.0.0.1');
  expect(await sandbox.workerPids(name)).toContain(await answer);
  expect(await sandbox.snapshot(name)).toMatchObject({ state: 'online', restarts: 0 });
});

it('an option that needs a choice for each connection lets the primary hand them over', async () => {
  const { name, port } = await startAlone('plain-http.cjs', ['--max-conns', '50']);
  expect((await getJson(port)).version).toBe('1');
  expect((await sandbox.snapshot(name)).workers[0]?.handOffMs).not.toBeNull();
  const refused = await sandbox.lb('balance', name, 'direct');
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringMatching(/cannot use direct, .* for: max_conns/)]);
});

it('an app that clusters itself: its own workers serve, count and drain; a reload loses nothing', { tags: ['every-node'] }, async () => {
  const { name, port } = await startAlone('clusters-itself.cjs');
  const first = JSON.parse((await request('/', { port })).body) as { seen: object };
  expect(first.seen).toEqual({ nodeOptions: null, lbNames: [], execArgv: [] });
  const each = startLoad({ port, mode: 'connection-per-request', clients: 3 });
  const kept = startLoad({ port, mode: 'keep-alive', clients: 3 });
  await Promise.all([each.waitForServed(50), kept.waitForServed(50)]);
  const [worker] = await sandbox.workerPids(name);
  const slow = request('/?ms=1500', { port });
  await sandbox.waitForApp(name, 'know of the request', ({ workers }) => workers.some(({ requestsInFlight }) => requestsInFlight > 0));
  await sandbox.ok('reload', name, '--monitor', '200');
  expect((await slow).status).toBe(200);
  // Of the app's three new workers the first one that is up may have got all so far.
  const asked: number[] = [];
  await sandbox.waitFor('each of its three workers to answer', async () => {
    asked.push((await getJson<{ pid: number }>(port)).pid);
    return new Set(asked).size === 3;
  });
  await Promise.all([each.waitForServed(50), kept.waitForServed(50)]);
  const tallies = [await each.stop(), await kept.stop()];
  for (const tally of tallies) {
    expectLossless(tally, 'reload');
    expect(Object.keys(tally.pids)).not.toContain(String(worker));
  }
  // Three workers before, of which some may not have got any of the few kept connections, and three after.
  const [ofEach = 0, ofKept = 0] = tallies.map(({ pids }) => Object.keys(pids).length);
  expect([ofEach >= 4, ofKept >= 2], `${ofEach} and ${ofKept} processes`).toEqual([true, true]);
  const served = tallies.reduce((sum, { served: count }) => sum + count, 2 + asked.length);
  const { totals } = await sandbox.waitForApp(name, 'have counted every answer', (now) => now.totals.answers.reduce((sum, count) => sum + count, 0) >= served);
  expect(totals.answers.reduce((sum, count) => sum + count, 0)).toBe(served);
});

it('an app that clusters itself keeps its sockets when its worker and its primary are killed', async () => {
  const { name, port } = await startAlone('clusters-itself.cjs');
  const load = startLoad({ port, mode: 'connection-per-request', clients: 4 });
  await load.waitForServed(50);
  const [worker = 0] = await sandbox.workerPids(name);
  process.kill(worker, 'SIGKILL');
  await sandbox.waitForApp(name, 'have another worker', (now) => now.ready === 1 && now.restarts === 1);
  await load.waitForServed(50);
  process.kill(await sandbox.primaryPid(name), 'SIGKILL');
  await sandbox.waitForApp(name, 'be back', (now) => now.ready === 1 && now.workers.length === 1);
  await load.waitForServed(50);
  const { refused, hung } = await load.stop();
  expect([refused, hung]).toEqual([0, 0]);
});
