/** @module-tag light */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { getJson } from '../helpers/http.ts';
import { startLoad } from '../helpers/load.ts';
import { killProcess, processesOf } from '../helpers/processes.ts';
import { createSandbox } from '../helpers/sandbox.ts';
import { expectLossless } from '../helpers/tally.ts';

const sandbox = await createSandbox();

/** What a power cut does. Several rounds, because a primary or a worker may just be starting something. */
async function killEverything(): Promise<void> {
  await sandbox.waitFor('nothing to run any more', () => {
    const running = processesOf(sandbox.directory);
    for (const found of running) killProcess(found, 'SIGKILL');
    return running.length === 0;
  });
}

it('after a reboot what ran runs again, as it was wanted last', async () => {
  const serving = await sandbox.start('plain-http.cjs', { name: 'serving', instances: 1, env: { VERSION: 'kept' } });
  await sandbox.ok('scale', serving.name, '3');
  const stopped = await sandbox.start('plain-http.cjs', { name: 'stopped', instances: 2 });
  await sandbox.ok('stop', stopped.name);
  const deleted = await sandbox.start('plain-http.cjs', { name: 'deleted', instances: 1 });
  await sandbox.ok('delete', deleted.name);
  await killEverything();

  const daemon = sandbox.lbBackground('daemon');
  const online = await sandbox.waitForOnline('serving', { context: () => `${daemon.stdout}\n${daemon.stderr}` });
  expect(online).toMatchObject({ instances: 3, ready: 3 });
  expect(await getJson(serving.port)).toMatchObject({ version: 'kept' });
  const apps = await sandbox.apps();
  expect(apps.map((app) => [app.name, app.state]).sort()).toEqual([
    ['serving', 'online'],
    ['stopped', 'stopped'],
  ]);
  await sandbox.ok('start', 'stopped');
  expect(await sandbox.waitForOnline('stopped')).toMatchObject({ instances: 2 });

  daemon.kill('SIGTERM');
  const result = await daemon.ended;
  expect(result.code, String(result)).toBe(0);
  expect(processesOf(sandbox.directory)).toEqual([]);
});

it('the state is readable by its owner alone', async () => {
  await sandbox.start('plain-http.cjs', { instances: 1 });
  expect(statSync(join(sandbox.home, 'state.json')).mode & 0o777).toBe(0o600);
});

it('an app that cannot start again is listed with its reason, and holds up nobody else', async () => {
  const script = sandbox.deploy('server.cjs', 'plain-http.cjs', 'v1');
  await sandbox.start(script, { name: 'broken', instances: 1, flags: ['--max-restarts', '1'] });
  const healthy = await sandbox.start('plain-http.cjs', { name: 'healthy', instances: 1 });
  await killEverything();
  sandbox.deploy('server.cjs', 'crash-at-boot.cjs', 'v2');
  // Any command that needs a daemon brings everything back.
  await sandbox.start('never-listens.mjs', { name: 'third', instances: 1, flags: ['--min-uptime', '100', '--listen-timeout', '1s'] });
  await sandbox.waitForOnline('healthy');
  expect(await getJson(healthy.port)).toMatchObject({ version: '1' });
  const broken = await sandbox.waitForApp('broken', 'be errored', (now) => now.state === 'errored', { deadlineMs: 15_000 });
  expect(broken.error).toContain('Error: no database at boot at');
  expect(broken.lastExits.at(-1)?.lastStderr.join('\n')).toContain('no database at boot');
});

it('a daemon that ends by SIGHUP hands over to a new one, and nobody notices', async () => {
  const { name, port } = await sandbox.start('plain-http.cjs');
  const load = startLoad({ port, mode: 'connection-per-request', clients: 2 });
  await load.waitForServed(20);
  const before = { daemon: await sandbox.daemonPid(), pids: await sandbox.workerPids(name) };
  process.kill(before.daemon, 'SIGHUP');
  await sandbox.waitFor('a new daemon', async () => (await sandbox.daemonPid()) !== before.daemon);
  await sandbox.waitForOnline(name);
  expect(await sandbox.workerPids(name)).toEqual(before.pids);
  await load.waitForServed(20);
  expectLossless(await load.stop());
});
