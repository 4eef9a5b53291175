import { once } from 'node:events';
import http from 'node:http';
import { createServer } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { holdersOfPort } from '../../src/system/socket-holders.ts';
import { acceptingPids } from '../helpers/accepting-pids.ts';
import { startLoad, type Load } from '../helpers/load.ts';
import { fixture } from '../helpers/paths.ts';
import { freePort } from '../helpers/ports.ts';
import { isAlive } from '../helpers/processes.ts';
import { createSandbox, type StartedApp, type StartOptions } from '../helpers/sandbox.ts';
import { describeTally, expectLossless, expectOnlyResets } from '../helpers/tally.ts';

const sandbox = await createSandbox();
const CLIENTS = 8;

const tryDirect = (script: string, options: StartOptions = {}): Promise<StartedApp> =>
  sandbox.tryStart(script, { ...options, flags: ['--balance', 'direct', ...(options.flags ?? [])] });

async function startDirect(script: string, options: StartOptions = {}): Promise<StartedApp> {
  const started = await tryDirect(script, options);
  expect(started.result.code, String(started.result)).toBe(0);
  return started;
}

const waitForAccepting = (port: number, count: number): Promise<unknown> =>
  sandbox.waitFor(`${count} workers to accept`, async () => (await acceptingPids(port)).length === count);

const newConnections = (port: number): Load => startLoad({ port, mode: 'connection-per-request', path: '/?ms=10', clients: CLIENTS });

it('every worker accepts, and the app is told its own port', { tags: ['every-node'] }, async () => {
  const { name, port } = await startDirect('plain-http.cjs', { instances: 3 });
  const load = newConnections(port);
  const pids = await sandbox.workerPids(name);
  await sandbox.waitFor('every worker to have served', () => pids.every((pid) => (load.tally().pids[pid] ?? 0) > 0), {
    context: () => JSON.stringify(load.tally()),
  });
  expectLossless(await load.stop());
  expect((await sandbox.snapshot(name)).listeners).toEqual([`*:${port}`]);
});

it('reload loses nothing', { tags: ['every-node'] }, async () => {
  const { name, port } = await startDirect('plain-http.cjs', { instances: 3 });
  const loads = [newConnections(port), startLoad({ port, mode: 'keep-alive', clients: 2 }), startLoad({ port, mode: 'think', clients: 3, bodyBytes: 16_384 })];
  for (let round = 1; round <= 2; round++) {
    const before = await sandbox.workerPids(name);
    await sandbox.ok('reload', name, '--monitor', '100');
    await Promise.all(loads.map((load) => load.waitForServed(30)));
    expect((await sandbox.workerPids(name)).filter((pid) => before.includes(pid))).toEqual([]);
  }
  for (const load of loads) expectLossless(await load.stop(), 'reload');
});

it('scale 3 → 1 → 2 loses nothing', async () => {
  const { name, port } = await startDirect('plain-http.cjs', { instances: 3 });
  const loads = [newConnections(port), startLoad({ port, mode: 'keep-alive', clients: 2 })];
  for (const to of [1, 2]) {
    await sandbox.ok('scale', name, String(to));
    await sandbox.waitForOnline(name);
    await Promise.all(loads.map((load) => load.waitForServed(100)));
  }
  for (const load of loads) expectLossless(await load.stop(), 'scale');
});

it('slots that are added accept too, also when the primary took over its sockets', async () => {
  const { name, port } = await startDirect('plain-http.cjs', { instances: 1 });
  await sandbox.ok('scale', name, '2');
  await waitForAccepting(port, 2);
  const before = await sandbox.waitForApp(name, 'have its sockets kept', (now) => now.socketsKept);
  process.kill(before.primaryPid ?? -1, 'SIGKILL');
  await sandbox.waitForApp(name, 'have a new primary', (now) => now.ready === 2 && now.primaryPid !== before.primaryPid);
  await sandbox.waitFor('the orphaned workers to leave', () => !before.workers.some(({ pid }) => isAlive(pid)));
  await sandbox.ok('scale', name, '3');
  await waitForAccepting(port, 3);
});

it('a running app changes to direct and back under load, by lb balance and by its definition, and nothing is lost', { tags: ['every-node'] }, async () => {
  const port = await freePort();
  const write = (balance: string): string => {
    const app = { name: 'api', script: fixture('plain-http.cjs'), instances: 2, balance, env: { PORT: String(port) } };
    return sandbox.writeApp('lb.config.json', JSON.stringify({ apps: [app] }));
  };
  await sandbox.ok('start', write('round-robin'));
  const loads = [newConnections(port), startLoad({ port, mode: 'keep-alive', clients: 2 })];
  const workersHold = (count: number): Promise<unknown> =>
    sandbox.waitFor(`${count} workers to have the socket`, async () => {
      const [holders, pids] = [(await holdersOfPort(port, null))?.pids ?? [], await sandbox.workerPids('api')];
      return pids.filter((pid) => holders.includes(pid)).length === count;
    });
  for (let round = 1; round <= 3; round++) {
    await sandbox.ok('balance', 'api', 'direct');
    await workersHold(2);
    expect((await sandbox.snapshot('api')).workers.map(({ handOffMs }) => handOffMs)).toEqual([null, null]);
    await Promise.all(loads.map((load) => load.waitForServed(30)));
    await sandbox.ok('balance', 'api', 'round-robin');
    await workersHold(0);
    await Promise.all(loads.map((load) => load.waitForServed(30)));
  }
  await sandbox.ok('reload', write('direct'));
  await workersHold(2);
  await sandbox.ok('restart', write('least-connections'));
  await workersHold(0);
  for (const load of loads) expectLossless(await load.stop(), 'change of who accepts');
  const { spec, listeners } = await sandbox.snapshot('api');
  expect({ balance: spec.balance, listeners }).toEqual({ balance: 'least-connections', listeners: [`*:${port}`] });
});

/** An answer under way from the app's only worker, which keeps it from leaving for some seconds. */
async function beginAnswer(port: number): Promise<void> {
  const req = http.get({ host: '127.0.0.1', port, path: '/?ms=8000', agent: false });
  onTestFinished(() => void req.destroy());
  req.on('error', () => {});
  await once(req, 'response');
}

for (const [title, begin] of [
  ['that drains', async (name: string) => void sandbox.lbBackground('reload', name, '--monitor', '100')],
  ['whose primary is gone', async (name: string) => process.kill(await sandbox.primaryPid(name), 'SIGKILL')],
] as const) {
  it(`a worker ${title} accepts nothing more, though it still has something to answer`, { tags: ['every-node'] }, async () => {
    const { name, port } = await startDirect('slow-response.cjs', { instances: 1 });
    const [old = 0] = await sandbox.workerPids(name);
    await beginAnswer(port);
    await begin(name);
    await sandbox.waitForApp(name, 'have a new worker', (now) => now.workers.some(({ pid, state }) => pid !== old && state === 'ready'));
    await sandbox.waitFor('the old worker to accept nothing more', async () => !(await acceptingPids(port)).includes(old), { deadlineMs: 4_000 });
    expect(isAlive(old)).toBe(true);
  });
}

it('SIGKILL of a worker: what it served fails, nothing is refused, nobody hangs', async () => {
  const kills = 3;
  const { name, port } = await startDirect('plain-http.cjs', { instances: 3 });
  const load = newConnections(port);
  for (let kill = 1; kill <= kills; kill++) {
    await load.waitForServed(100);
    const [, victim = 0] = await sandbox.workerPids(name);
    process.kill(victim, 'SIGKILL');
    await sandbox.waitForApp(name, `have replaced ${victim}`, (now) => now.ready === 3 && now.restarts === kill);
  }
  await load.waitForServed(100);
  const tally = await load.stop();
  console.log(`direct, ${kills} workers killed: ${describeTally(tally)}`);
  expectOnlyResets(tally, kills * CLIENTS, 'worker killed');
});

it('SIGKILL of all workers at once: connections wait for the next ones, none is refused', async () => {
  const { name, port } = await startDirect('plain-http.cjs', { instances: 2 });
  const load = newConnections(port);
  await load.waitForServed(100);
  const pids = await sandbox.workerPids(name);
  for (const pid of pids) process.kill(pid, 'SIGKILL');
  await sandbox.waitForApp(name, 'have new workers', (now) => now.ready === 2 && !now.workers.some(({ pid }) => pids.includes(pid)));
  await load.waitForServed(100);
  expectOnlyResets(await load.stop(), CLIENTS, 'all workers killed');
});

it('SIGKILL of the primary: nothing is refused, nobody hangs', { tags: ['every-node'] }, async () => {
  const { name, port } = await startDirect('plain-http.cjs', { instances: 3 });
  const load = newConnections(port);
  const kept = startLoad({ port, mode: 'keep-alive', clients: 2 });
  for (let round = 1; round <= 2; round++) {
    await load.waitForServed(100);
    const before = await sandbox.waitForApp(name, 'have its sockets kept', (now) => now.socketsKept);
    process.kill(before.primaryPid ?? -1, 'SIGKILL');
    await sandbox.waitForApp(name, 'have a new primary', (now) => now.ready === 3 && now.state === 'online' && now.primaryPid !== before.primaryPid);
    await sandbox.waitFor('the orphaned workers to leave', () => !before.workers.some(({ pid }) => isAlive(pid)));
    await load.waitForServed(100);
  }
  // The orphaned workers answer what they accepted, and the sockets outlive them.
  expectLossless(await load.stop(), 'primary killed');
  expectLossless(await kept.stop(), 'primary killed, keep-alive');
});

it('a port that another program has is reported', { tags: ['every-node'] }, async () => {
  const taken = createServer().listen(await freePort());
  onTestFinished(() => void taken.close());
  await once(taken, 'listening');
  const { port } = taken.address() as { port: number };
  const { result } = await tryDirect('plain-http.cjs', { port });
  expect(result.code, String(result)).toBe(1);
  expect(result.stderr).toContain('EADDRINUSE');
});

it('a port that another app with direct has is reported, and that one goes on', async () => {
  const first = await startDirect('plain-http.cjs');
  const pids = await sandbox.workerPids(first.name);
  const load = newConnections(first.port);
  const { result } = await tryDirect('plain-http.cjs', { port: first.port });
  expect(result.code, String(result)).toBe(1);
  expect(result.stderr).toContain('EADDRINUSE');
  await load.waitForServed(100);
  const tally = await load.stop();
  expectLossless(tally);
  expect(
    Object.keys(tally.pids)
      .map(Number)
      .every((pid) => pids.includes(pid)),
  ).toBe(true);
});

it('listen(0) gives every worker the same port', { tags: ['every-node'] }, async () => {
  const { name } = await startDirect('listen-zero.cjs', { instances: 2 });
  const { listeners } = await sandbox.snapshot(name);
  expect(listeners).toHaveLength(1);
  const load = newConnections(Number(listeners[0]?.split(':').at(-1)));
  const pids = await sandbox.workerPids(name);
  await sandbox.waitFor('every worker to have served', () => pids.every((pid) => (load.tally().pids[pid] ?? 0) > 0));
  expectLossless(await load.stop());
});
