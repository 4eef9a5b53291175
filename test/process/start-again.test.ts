/** @module-tag light */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { getJson } from '../helpers/http.ts';
import { fixture } from '../helpers/paths.ts';
import { freePort } from '../helpers/ports.ts';
import { createSandbox } from '../helpers/sandbox.ts';

const sandbox = await createSandbox();
const project = join(sandbox.directory, 'project');
mkdirSync(project);

const configure = (apps: readonly object[]): void =>
  writeFileSync(join(project, 'lb.config.json'), JSON.stringify({ apps: apps.map((app) => ({ script: fixture('plain-http.cjs'), ...app })) }));
const lb = (...args: string[]): ReturnType<typeof sandbox.lb> => sandbox.lbWith({ cwd: project, env: { SHELL_SAYS: String(Math.random()) } }, ...args);

it('a config file can be started again and again; a change of it is said, and made by lb apply', async () => {
  const [a, b] = [
    { name: 'a', instances: 1, env: { PORT: await freePort() } },
    { name: 'b', instances: 1, env: { PORT: await freePort() } },
  ];
  configure([a]);
  expect(await lb('start')).toMatchObject({ code: 0 });
  const pids = await sandbox.workerPids('a');
  expect(await lb('start', 'lb.config.json')).toMatchObject({ code: 0, stdout: 'a is already running; for new code: lb reload a\n', stderr: '' });
  // What was changed by hand is no other definition, nor is the order of the keys.
  await sandbox.ok('scale', 'a', '2');
  configure([{ env: a.env, instances: 1, name: 'a' }]);
  expect(await lb('start')).toMatchObject({ code: 0 });
  expect(await lb('start', 'a')).toMatchObject({ code: 0, stdout: 'a is already running; for new code: lb reload a\n' });
  expect(await sandbox.workerPids('a')).toContain(pids[0]);

  configure([{ ...a, kill_timeout: 5_000 }, b]);
  const changed = await lb('start');
  expect(changed.code).toBe(1);
  expect(changed.stderr).toContain('error: app "a" is running with another definition\nhint: put this one in place with "lb apply lb.config.json"\n');
  expect((await sandbox.waitForOnline('b')).ready, 'the others are started').toBe(1);
  expect(await lb('apply', 'lb.config.json')).toMatchObject({ code: 0 });
  expect(await lb('start')).toMatchObject({ code: 0, stdout: 'a, b are already running; for new code: lb reload a b\n' });
});

it('takes a config on stdin, also to stop and delete', async () => {
  const text = JSON.stringify([{ name: 'piped', script: fixture('plain-http.cjs'), env: { PORT: await freePort() } }]);
  const piped = (command: string): Promise<unknown> => sandbox.lbWith({ cwd: project, stdin: text }, command, '-');
  expect(await piped('start')).toMatchObject({ code: 0, stdout: expect.stringContaining('piped is online') as string });
  expect(await piped('stop')).toMatchObject({ code: 0 });
  expect((await sandbox.snapshot('piped')).state).toBe('stopped');
  expect(await piped('delete')).toMatchObject({ code: 0 });
  expect(await sandbox.apps()).toEqual([]);
});

it('a stopped app starts with the environment of the caller, if it is asked to', async () => {
  const { name } = await sandbox.start('plain-http.cjs', { instances: 1 });
  for (const command of ['start', 'restart', 'reload']) {
    await sandbox.ok('stop', name);
    const port = await freePort();
    const result = await sandbox.lbWith({ env: { PORT: String(port) } }, command, name, '--update-env');
    expect(result.code, String(result)).toBe(0);
    expect((await getJson(port)) !== undefined, command).toBe(true);
  }
});

it('the same script runs a second time with --force', async () => {
  const { name, port } = await sandbox.start('plain-http.cjs', { name: 'twin', instances: 1 });
  const second = await sandbox.tryStart('plain-http.cjs', { name, instances: 1, flags: ['--force'] });
  expect(second.result.code, String(second.result)).toBe(0);
  expect((await sandbox.apps()).map((app) => app.name)).toEqual(['twin', 'twin-2']);
  expect([await getJson(port), await getJson(second.port)]).toHaveLength(2);
});

it('--silent prints nothing but errors, --attach goes on with the logs', async () => {
  const script = sandbox.writeApp('says.cjs', "console.log('says hello'); require('node:http').createServer().listen(process.env.PORT);");
  const { name } = await sandbox.start(script, { instances: 1, flags: ['-s'] });
  expect(await sandbox.lb('-s', 'restart', name)).toMatchObject({ code: 0, stdout: '', stderr: '' });
  expect(await sandbox.lb('--silent', 'restart', 'nothing')).toMatchObject({ code: 3, stderr: expect.stringContaining('no app named') as string });
  const attached = sandbox.lbBackground('reload', name, '--attach');
  await sandbox.waitFor('the line of the new worker', () => /reloaded[^]*says hello/.test(attached.stdout));
  attached.kill('SIGINT');
  expect((await attached.ended).code).toBe(130);
});
