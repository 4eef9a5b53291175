/** @module-tag light */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { fixture } from '../helpers/paths.ts';
import { freePort } from '../helpers/ports.ts';
import { createSandbox } from '../helpers/sandbox.ts';

const sandbox = await createSandbox();

afterEach(async () => sandbox.clear());

/** Starts the apps of an ecosystem file. */
async function startFile(apps: readonly object[], ...flags: string[]): Promise<string> {
  const file = sandbox.writeApp('ecosystem.config.json', JSON.stringify({ apps }));
  const { stdout, stderr } = await sandbox.ok('start', file, ...flags);
  return stdout + stderr;
}

const read = (file: string): string => (existsSync(file) ? readFileSync(file, 'utf8') : '');

it('time stands before each line, and log_file has stdout and stderr together', async () => {
  const script = sandbox.writeApp('prints.cjs', "console.log('to out\\nand more');\nconsole.error('to err');\nsetInterval(() => {}, 1000);\n");
  const folder = dirname(script);
  await startFile([{ name: 'logs', script, time: true, out_file: 'out.log', error_file: 'err.log', log_file: 'all.log', min_uptime: 200 }]);
  const date = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d: `;
  await sandbox.waitFor('the lines', () => read(join(folder, 'all.log')).includes('to err') && read(join(folder, 'all.log')).includes('and more'));
  expect(read(join(folder, 'out.log'))).toMatch(new RegExp(`^${date}to out\n${date}and more\n$`));
  expect(read(join(folder, 'err.log'))).toMatch(new RegExp(`^${date}to err\n$`));
  expect(read(join(folder, 'all.log')).trim().split('\n')).toHaveLength(3);
});

it('disable_logs writes nothing, and the last lines are there all the same', async () => {
  await startFile([{ name: 'quiet', script: fixture('plain-http.cjs'), disable_logs: true, port: await freePort() }]);
  expect([...sandbox.logFiles().keys()].filter((file) => file.startsWith('quiet'))).toEqual([]);
  expect((await sandbox.snapshot('quiet')).spec).toMatchObject({ outFile: null, errorFile: null });
});

it('pid_file names the worker that serves, also after a reload, and is gone after a stop', async () => {
  const script = fixture('plain-http.cjs');
  const file = join(sandbox.directory, 'run', 'web.pid');
  await startFile([{ name: 'web', script, pid_file: file, port: await freePort() }]);
  const pid = async (): Promise<string> => `${(await sandbox.workerPids('web'))[0] ?? ''}\n`;
  const before = await pid();
  expect(read(file)).toBe(before);
  await sandbox.ok('reload', 'web');
  expect(await pid()).not.toBe(before);
  await sandbox.waitFor('the pid of the new worker', async () => read(file) === (await pid()));
  await sandbox.ok('stop', 'web');
  expect(existsSync(file)).toBe(false);
});

it('filter_env, append_env_to_name and source_map_support', async () => {
  const script = sandbox.writeApp(
    'env.cjs',
    "require('node:http').createServer((_, answer) => answer.end(JSON.stringify([process.env.MY_SECRET, process.env.OWN, process.sourceMapsEnabled, process.execArgv]))).listen(process.env.PORT);\n",
  );
  const port = await freePort();
  const apps = [
    { name: 'env', script, port, filter_env: ['SECRET'], env: { OWN: 'SECRET' }, append_env_to_name: true, source_map_support: true, env_staging: {} },
  ];
  const file = sandbox.writeApp('ecosystem.config.json', JSON.stringify({ apps }));
  const started = await sandbox.lbWith({ env: { MY_SECRET: 'x' } }, 'start', file, '--env', 'staging');
  expect(started.stdout, String(started)).toContain('env-staging is online');
  const ask = async (): Promise<unknown> => fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } }).then(async (answer) => answer.json());
  const expected = [null, 'SECRET', true, ['--enable-source-maps']];
  expect(await ask()).toEqual(expected);
  await sandbox.lbWith({ env: { MY_SECRET: 'x' } }, 'reload', 'env-staging', '--update-env');
  await sandbox.waitForOnline('env-staging');
  expect(await ask()).toEqual(expected);
});

it('a namespace is shown, and commands take it as a target', async () => {
  const app = async (name: string, namespace?: string): Promise<object> => ({ name, script: fixture('plain-http.cjs'), port: await freePort(), namespace });
  await startFile([await app('one', 'shop'), await app('two', 'shop'), await app('three')]);
  expect((await sandbox.ok('list')).stdout).toMatch(/name +namespace +id +state[^]*one +shop[^]*three +default/);
  await sandbox.ok('stop', 'shop');
  const states = Object.fromEntries((await sandbox.apps()).map(({ name, state }) => [name, state]));
  expect(states).toEqual({ one: 'stopped', two: 'stopped', three: 'online' });
});

it('apps of a file start side by side', async () => {
  const script = sandbox.writeApp('slow.cjs', 'setInterval(() => {}, 1000);\n');
  const began = performance.now();
  await startFile(['a', 'b', 'c'].map((name) => ({ name, script, min_uptime: '3s' })));
  // Each waits for its min_uptime, and 5 s more for a listener that may still come.
  expect(performance.now() - began).toBeLessThan(16_000);
});
