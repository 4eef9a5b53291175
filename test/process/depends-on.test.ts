/** @module-tag light */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { LbEvent } from '../../src/protocol/control.ts';
import { fixture } from '../helpers/paths.ts';
import { freePort } from '../helpers/ports.ts';
import { createSandbox } from '../helpers/sandbox.ts';

const sandbox = await createSandbox();
const config = join(sandbox.directory, 'lb.config.json');
const boot = 300;

/** Three apps, the file's order against that of their start: web needs api, api needs db, and each takes a while. */
async function configure(db: object = {}): Promise<void> {
  const apps = [
    { name: 'web', depends_on: 'api' },
    { name: 'api', depends_on: ['db'] },
    { name: 'db', ...db },
  ];
  const app = async (more: object): Promise<object> => ({
    ...{ script: fixture('slow-boot.cjs'), instances: 1, env: { PORT: await freePort(), BOOT_MS: boot } },
    ...more,
  });
  writeFileSync(config, JSON.stringify({ apps: await Promise.all(apps.map(app)) }));
}

async function events(kinds: readonly string[]): Promise<readonly LbEvent[]> {
  const { stdout } = await sandbox.ok('events', '--lines', '400', '--json');
  const all = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as LbEvent);
  return all.filter(({ kind }) => kinds.includes(kind));
}

const trace = async (kinds: readonly string[]): Promise<readonly string[]> => (await events(kinds)).map(({ kind, app }) => `${app ?? ''} ${kind}`);
const UP = ['db start', 'db ready', 'api start', 'api ready', 'web start', 'web ready'];
const DOWN = ['web ended', 'api ended', 'db ended'];

it('apps start, come back and stop in the order in which they depend on each other', async () => {
  await configure();
  const started = await sandbox.ok('start', config);
  expect(started.stderr).toContain('web waits for api');
  expect(await trace(['start', 'ready'])).toEqual(UP);

  await sandbox.ok('stop', 'db');
  expect(
    (await sandbox.apps()).filter(({ state }) => state === 'online').map(({ name }) => name),
    'one alone stops nothing else',
  ).toEqual(['api', 'web']);
  await sandbox.ok('start', 'db');
  const before = (await events(['start', 'ready', 'ended'])).length;
  const since = async (): Promise<readonly string[]> => (await trace(['start', 'ready', 'ended'])).slice(before);

  await sandbox.ok('stop', 'db', 'web', 'api');
  expect(await since()).toEqual(DOWN);
  await sandbox.ok('start', config);
  expect(await since()).toEqual([...DOWN, ...UP]);

  // A reboot: everything has ended, and the next daemon brings it back.
  const daemon = await sandbox.daemonPid();
  process.kill(daemon, 'SIGTERM');
  await sandbox.waitFor('the daemon to end', async () => (await sandbox.lb('ping')).code === 4);
  await sandbox.ok('resurrect');
  await sandbox.waitForOnline('web');
  expect(await since()).toEqual([...DOWN, ...UP, ...DOWN, ...UP]);
  await sandbox.ok('delete', 'all');
});

it('an app starts all the same when another one on which it depends is not ready in time, or does not run', async () => {
  await configure({ script: fixture('never-ready.cjs'), wait_ready: true, listen_timeout: 500 });
  const result = await sandbox.lb('start', config);
  expect(result.code).toBe(1);
  expect(result.stderr).toMatch(/api starts although db, on which it depends, (?:is not ready after 500 ms|does not run)/);
  await sandbox.waitForOnline('web');
  expect(await trace(['dependency'])).toEqual(['api dependency']);
  await sandbox.ok('delete', 'all');
});

it('a start that waits can be stopped, and a cycle is refused', async () => {
  await configure({ script: fixture('never-ready.cjs'), wait_ready: true });
  const waiting = sandbox.lbBackground('start', config);
  await sandbox.waitFor('web to wait', () => waiting.stderr.includes('web waits for api'));
  await sandbox.ok('stop', 'web');
  expect((await sandbox.snapshot('web')).state).toBe('stopped');
  await sandbox.ok('delete', 'all');
  expect((await waiting.ended).code).not.toBe(0);

  await configure({ depends_on: 'web' });
  expect(await sandbox.lb('start', config)).toMatchObject({ code: 2, stderr: expect.stringContaining('web -> api -> db -> web') as string });
  expect(await sandbox.lb('check', config)).toMatchObject({ code: 2, stdout: expect.stringContaining('web -> api -> db -> web') as string });
});
