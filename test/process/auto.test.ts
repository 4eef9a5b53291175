import { writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { AppSnapshot } from '../../src/protocol/snapshot.ts';
import { startFlood } from '../helpers/flood.ts';
import { startLoad, type Load } from '../helpers/load.ts';
import { fixture } from '../helpers/paths.ts';
import { freePort } from '../helpers/ports.ts';
import { isAlive } from '../helpers/processes.ts';
import { createSandbox, type StartedApp } from '../helpers/sandbox.ts';
import { describeTally, expectLossless, expectOnlyResets, type Tally } from '../helpers/tally.ts';

/** `balance: 'auto'`: the default of every app here. */

const sandbox = await createSandbox();
const CLIENTS = 36;

const isStorm = ({ accept }: AppSnapshot): boolean => accept?.by === 'workers';

/** How many connections per second are too many depends on the machine, and on what else it does: here so few are that every machine has them. */
const SOON = { option: ['--hand-off-share', '0.001'], key: { hand_off_share: 0.001 } };

/** Two workers under very many new connections, beside clients that keep theirs. */
async function storm(): Promise<StartedApp & { readonly flood: Load; readonly kept: Load }> {
  const started = await sandbox.start('plain-http.cjs', { instances: 2, flags: SOON.option });
  const [flood, kept] = [startFlood({ port: started.port, clients: CLIENTS }), startLoad({ port: started.port, mode: 'keep-alive', clients: 2 })];
  await sandbox.waitForApp(started.name, 'let its workers accept', isStorm, { context: () => describeTally(flood.tally()) });
  return { ...started, flood, kept };
}

async function end({ flood, kept }: { readonly flood: Load; readonly kept: Load }, what: string): Promise<Tally> {
  const tally = await flood.stop();
  expectLossless(await kept.stop(), `${what}, keep-alive`);
  console.log(`${what}: ${describeTally(tally)}`);
  return tally;
}

it('in the calm each of 4 workers gets exactly a quarter of 400 connections', { tags: ['every-node'] }, async () => {
  const { name, port } = await sandbox.start('plain-http.cjs', { instances: 4 });
  const load = startLoad({ port, mode: 'connection-per-request', clients: 1, thinkMs: 8, maxRequests: 400 });
  const tally = await load.ended;
  expectLossless(tally);
  expect(Object.values(tally.pids)).toEqual([100, 100, 100, 100]);
  expect((await sandbox.snapshot(name)).accept).toEqual({ by: 'primary', because: 'calm' });
});

it('S40: in a storm reloads, scaling and weights lose nothing, and none of them ends it', { tags: ['every-node'] }, async () => {
  const { name, flood, kept } = await storm();
  const going = async (): Promise<void> => {
    await Promise.all([flood.waitForServed(300), kept.waitForServed(10)]);
    expect((await sandbox.snapshot(name)).accept?.by).toBe('workers');
  };
  await going();
  for (let round = 1; round <= 2; round++) {
    const before = await sandbox.workerPids(name);
    await sandbox.ok('reload', name, '--monitor', '100');
    await going();
    expect((await sandbox.workerPids(name)).filter((pid) => before.includes(pid))).toEqual([]);
  }
  for (const size of ['3', '2']) {
    await sandbox.ok('scale', name, size);
    await sandbox.waitForOnline(name);
    await going();
  }
  await sandbox.ok('weight', name, '0=0');
  const [resting] = (await sandbox.snapshot(name)).workers;
  await going();
  const atRest = flood.tally().pids[resting?.pid ?? 0] ?? 0;
  await going();
  // What it had accepted when it gave the socket back.
  expect((flood.tally().pids[resting?.pid ?? 0] ?? 0) - atRest).toBeLessThanOrEqual(CLIENTS);
  await sandbox.ok('weight', name, '0=1');
  await going();
  expectLossless(await end({ flood, kept }, 'storm'), 'storm');
});

it('S40: an option that needs a choice for each connection has the primary accept, and the end of it the workers; nothing is lost', async () => {
  const { name, flood, kept } = await storm();
  expect((await sandbox.ok('show', name)).stdout).toMatch(
    /accepted +by the workers themselves \(\d+ new connections per second took the primary \d+ % of a core/,
  );
  expect((await sandbox.lb('balance', name, 'auto')).stdout).toContain('already uses auto; connections are accepted by the workers themselves (');
  await sandbox.ok('weight', name, '0=2');
  expect((await sandbox.snapshot(name)).accept).toEqual({ by: 'primary', because: 'weights' });
  await flood.waitForServed(300);
  await sandbox.ok('weight', name, '0=1');
  await sandbox.waitForApp(name, 'let its workers accept again', isStorm);
  await flood.waitForServed(300);
  expectLossless(await end({ flood, kept }, 'options'), 'options');
});

it('S40: kills of workers in a storm cost what they were serving, kills of primary and daemon nothing', async () => {
  const kills = 2;
  const { name, flood, kept } = await storm();
  expectLossless(await kept.stop());
  for (let kill = 1; kill <= kills; kill++) {
    const [victim = 0] = await sandbox.workerPids(name);
    process.kill(victim, 'SIGKILL');
    await sandbox.waitForApp(name, `have replaced ${victim}`, (now) => now.ready === 2 && now.restarts === kill);
    await flood.waitForServed(300);
  }
  const before = await sandbox.waitForApp(name, 'have its sockets kept', (now) => now.socketsKept && isStorm(now));
  const lostBefore = flood.tally().reset;
  process.kill(before.primaryPid ?? -1, 'SIGKILL');
  await sandbox.waitForApp(name, 'have a new primary, whose workers accept', (now) => now.ready === 2 && now.primaryPid !== before.primaryPid && isStorm(now));
  await sandbox.waitFor('the orphaned workers to leave', () => !before.workers.some(({ pid }) => isAlive(pid)));
  await flood.waitForServed(300);
  process.kill(await sandbox.daemonPid(), 'SIGKILL');
  await flood.waitForServed(300);
  // Waits for the next daemon.
  await sandbox.ok('list');
  expect((await sandbox.snapshot(name)).accept?.by).toBe('workers');
  const tally = await flood.stop();
  console.log(`storm, ${kills} workers, the primary and the daemon killed: ${describeTally(tally)}`);
  expectOnlyResets(tally, kills * CLIENTS, 'workers killed');
  expect(tally.reset, 'primary and daemon killed').toBe(lostBefore);
});

it('S40: 200 changes of who accepts, under load, lose nothing', async () => {
  const { name, port } = await sandbox.start('plain-http.cjs', { instances: 2, flags: ['--balance', 'round-robin'] });
  const flood = startFlood({ port, clients: CLIENTS });
  const kept = startLoad({ port, mode: 'keep-alive', clients: 2 });
  await flood.waitForServed(100);
  for (let change = 1; change <= 200; change++) {
    const strategy = change % 2 === 1 ? 'direct' : 'round-robin';
    expect((await sandbox.control('POST', `/v1/apps/${name}/balance`, { strategy })).status).toBe(200);
    await flood.waitForServed(5);
  }
  expectLossless(await end({ flood, kept }, '200 changes'), '200 changes');
});

it('S40: a worker that is ejected in a storm gets nothing, and the storm goes on', async () => {
  const port = await freePort();
  const sick = `${sandbox.directory}/sick-`;
  const health = { path: '/healthz', interval: 200, timeout: 5_000, fall: 3, rise: 2 };
  const app = { name: 'api', script: fixture('health-file.cjs'), instances: 3, health, ...SOON.key, env: { PORT: String(port), SICK: sick } };
  await sandbox.ok('start', sandbox.writeApp('lb.config.json', JSON.stringify({ apps: [app] })));
  const flood = startFlood({ port, clients: CLIENTS });
  await sandbox.waitForApp('api', 'let its workers accept', isStorm);
  const [pid = 0] = await sandbox.workerPids('api');
  writeFileSync(`${sick}${pid}`, '');
  await sandbox.waitForApp('api', 'have ejected it', (now) => now.workers.some((worker) => worker.pid === pid && worker.state === 'ejected'));
  await flood.waitForServed(100);
  const served = flood.tally().pids[pid] ?? 0;
  await flood.waitForServed(300);
  expect((flood.tally().pids[pid] ?? 0) - served).toBeLessThanOrEqual(CLIENTS);
  expect((await sandbox.snapshot('api')).accept?.by).toBe('workers');
  expectLossless(await flood.stop());
});
