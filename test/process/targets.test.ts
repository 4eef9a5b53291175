/** @module-tag light */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { startLoad } from '../helpers/load.ts';
import { createSandbox } from '../helpers/sandbox.ts';
import { expectLossless } from '../helpers/tally.ts';
import { fixture } from '../helpers/paths.ts';
import { freePort } from '../helpers/ports.ts';

const sandbox = await createSandbox();

const idsOf = async (): Promise<Record<string, readonly number[] | undefined>> =>
  Object.fromEntries((await sandbox.apps()).map(({ name, ids }) => [name, ids]));

it('each slot has an id, which it keeps over scaling, reloads and a reboot', async () => {
  await sandbox.start('plain-http.cjs', { name: 'b', instances: 2 });
  await sandbox.start('plain-http.cjs', { name: 'a', instances: 1 });
  await sandbox.ok('scale', 'b', '3');
  expect(await idsOf()).toEqual({ a: [2], b: [0, 1, 3] });
  await sandbox.ok('reload', 'a');
  await sandbox.ok('scale', 'b', '1');
  await sandbox.start('plain-http.cjs', { name: 'c', instances: 2 });
  const ids = { a: [2], b: [0], c: [1, 3] };
  expect(await idsOf()).toEqual(ids);
  expect((await sandbox.ok('list')).stdout).toMatch(/^name +id +state[^]*^c +1,3 +online/m);

  process.kill(await sandbox.daemonPid(), 'SIGTERM');
  await sandbox.waitFor('the daemon to end', async () => (await sandbox.lb('ping')).code === 4);
  await sandbox.ok('start', 'c');
  for (const name of ['a', 'b', 'c']) await sandbox.waitForOnline(name);
  expect(await idsOf()).toEqual(ids);
});

it('an id reloads or restarts its slot alone, without a lost request', async () => {
  const { name, port } = await sandbox.start('plain-http.cjs', { instances: 3 });
  const before = await sandbox.workerPids(name);
  const load = startLoad({ port, mode: 'connection-per-request', clients: 4 });
  expect((await sandbox.ok('reload', '1')).stdout).toBe(`${name}[1] reloaded\n`);
  const after = await sandbox.workerPids(name);
  expect(after).toEqual([before[0], expect.any(Number), before[2]]);
  expect(after[1]).not.toBe(before[1]);
  expect((await sandbox.ok('restart', '2')).stdout).toBe(`${name}[2] restarted\n`);
  const last = await sandbox.workerPids(name);
  expect(last).toEqual([after[0], after[1], expect.any(Number)]);
  expect(last[2]).not.toBe(after[2]);
  expect((await sandbox.snapshot(name)).generationNote).toBeNull();
  expectLossless(await load.stop(), 'reload and restart of one slot');
});

it('a broken version in one slot leaves the old worker in it', async () => {
  const script = sandbox.deploy('server.cjs', 'plain-http.cjs', 'v1');
  const { name } = await sandbox.start(script, { instances: 2 });
  const before = await sandbox.workerPids(name);
  sandbox.deploy('server.cjs', 'crash-at-boot.cjs', 'v2');
  expect(await sandbox.lb('reload', '0')).toMatchObject({ code: 1 });
  expect(await sandbox.workerPids(name)).toEqual(before);
  expect(await sandbox.lb('reload', '7')).toMatchObject({ code: 3, stderr: expect.stringContaining('no app named "7", and no id 7') as string });
});

it('stop and delete take apps: an id of an app with one slot, not one of several', async () => {
  await sandbox.start('plain-http.cjs', { name: 'many', instances: 2 });
  await sandbox.start('plain-http.cjs', { name: 'one', instances: 1 });
  const refused = await sandbox.lb('stop', '1');
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain('id 1 is slot 1 of "many", which has 2 of them; stop acts on whole apps');
  expect(refused.stderr).toContain('lb scale many -1');
  expect((await sandbox.lb('delete', '0')).code).toBe(2);
  await sandbox.ok('stop', '2');
  expect((await sandbox.snapshot('one')).state).toBe('stopped');
  await sandbox.ok('delete', '2');
  expect((await sandbox.apps()).map(({ name }) => name)).toEqual(['many']);
});

it('a number is first tried as a name', async () => {
  await sandbox.start('plain-http.cjs', { name: '1', instances: 1 });
  await sandbox.start('plain-http.cjs', { name: 'b', instances: 1 });
  expect(await idsOf()).toEqual({ '1': [0], b: [1] });
  await sandbox.ok('stop', '1');
  expect((await sandbox.apps()).map(({ name, state }) => [name, state])).toEqual([
    ['1', 'stopped'],
    ['b', 'online'],
  ]);
});

it('/regex/, all and config files choose apps, and what is stopped starts again', async () => {
  const directory = join(sandbox.directory, 'project');
  mkdirSync(directory, { recursive: true });
  const apps = await Promise.all(['api-a', 'api-b', 'web'].map(async (name) => ({ name, script: fixture('plain-http.cjs'), env: { PORT: await freePort() } })));
  writeFileSync(join(directory, 'ecosystem.config.js'), `module.exports = ${JSON.stringify({ apps })};`);
  const states = async (): Promise<readonly string[]> => (await sandbox.apps()).map(({ state }) => state);
  const inProject = async (...args: string[]): Promise<void> => {
    const result = await sandbox.lbWith({ cwd: directory }, ...args);
    expect(result.code, String(result)).toBe(0);
  };
  await inProject('start', 'ecosystem.config.js');
  await inProject('stop', '/^API-/i');
  expect(await states()).toEqual(['stopped', 'stopped', 'online']);
  await inProject('restart', 'api-a');
  await inProject('reload', 'api-b');
  expect(await states()).toEqual(['online', 'online', 'online']);
  await inProject('stop', 'ecosystem.config.js', '--only', 'web,api-a');
  expect(await states()).toEqual(['stopped', 'online', 'stopped']);
  await inProject('start', 'all');
  expect(await states()).toEqual(['online', 'online', 'online']);
  await inProject('stop', 'all');
  await inProject('reload', '/api/');
  expect(await states()).toEqual(['online', 'online', 'stopped']);
  await inProject('restart', 'all');
  expect(await states()).toEqual(['online', 'online', 'online']);
  await inProject('scale', 'ecosystem.config.js', '2');
  expect((await sandbox.apps()).map(({ ready }) => ready)).toEqual([2, 2, 2]);
  await inProject('flush', 'ecosystem.config.js');
  expect((await sandbox.lbWith({ cwd: directory }, 'logs', 'ecosystem.config.js', '--nostream')).code).toBe(0);
  await inProject('delete', 'ecosystem.config.js');
  expect(await states()).toEqual([]);
  await inProject('delete', 'ecosystem.config.js');
  expect(await sandbox.lb('stop', '/x/')).toMatchObject({ code: 3, stderr: expect.stringContaining('no app has a name that matches /x/') as string });
});

it('logs of an id are those of its slot', async () => {
  const script = sandbox.writeApp(
    'says.cjs',
    "console.log('from ' + process.env.NODE_APP_INSTANCE); require('node:http').createServer().listen(process.env.PORT);",
  );
  const { name } = await sandbox.start(script, { name: 'says', instances: 3 });
  const shown = async (...targets: string[]): Promise<readonly string[]> => {
    const { stdout } = await sandbox.ok('logs', ...targets, '--no-follow', '--raw');
    return stdout.trimEnd().split('\n').sort();
  };
  expect(await shown(name)).toEqual(['from 0', 'from 1', 'from 2']);
  expect(await shown('1')).toEqual(['from 1']);
  expect(await shown('0', '2')).toEqual(['from 0', 'from 2']);
  expect(await shown('1', '/^sa/')).toEqual(['from 0', 'from 1', 'from 2']);
  expect((await sandbox.lb('logs', '9', '--no-follow')).code).toBe(3);
});

it('a signal to an id is one to its worker', async () => {
  const { name } = await sandbox.start('plain-http.cjs', { name: 'api', instances: 2, flags: ['--no-autorestart'] });
  const [, second] = await sandbox.workerPids(name);
  await sandbox.ok('signal', 'SIGKILL', '1');
  await sandbox.waitFor('the second worker to be gone', async () => !(await sandbox.workerPids(name)).includes(second ?? 0));
  expect(await sandbox.workerPids(name)).toHaveLength(1);
});
