/** @module-tag light */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { fixture } from '../helpers/paths.ts';
import { freePort } from '../helpers/ports.ts';
import { getJson } from '../helpers/http.ts';
import { createSandbox } from '../helpers/sandbox.ts';

const sandbox = await createSandbox();

interface Process {
  readonly pid: number;
  readonly name: string;
  readonly pm_id: number;
  readonly monit: { readonly memory: number; readonly cpu: number };
  readonly pm2_env: Readonly<Record<string, unknown>>;
}

async function jlist(): Promise<readonly Process[]> {
  const { stdout, stderr } = await sandbox.ok('jlist');
  expect([stdout.split('\n').length, stderr]).toEqual([1, '']);
  return JSON.parse(stdout) as Process[];
}

it('jlist has what scripts read, per slot and by id', async () => {
  const directory = join(sandbox.directory, 'shop');
  mkdirSync(directory);
  writeFileSync(join(directory, 'package.json'), '{"version":"4.5.6"}');
  const port = await freePort();
  const config = {
    apps: [{ name: 'web', script: fixture('plain-http.cjs'), cwd: directory, instances: 2, env: { PORT: port }, args: '-v', merge_logs: false }],
  };
  writeFileSync(join(directory, 'lb.config.json'), JSON.stringify(config));
  const before = Date.now();
  await sandbox.ok('start', join(directory, 'lb.config.json'));
  await sandbox.start('plain-http.cjs', { name: 'bot', instances: null });
  await sandbox.ok('stop', 'bot');
  const [first, second, third, ...more] = await jlist();
  expect(more).toEqual([]);
  const pids = await sandbox.workerPids('web');
  expect(first).toMatchObject({ pid: pids[0], name: 'web', pm_id: 0, monit: { memory: expect.any(Number) as number, cpu: expect.any(Number) as number } });
  expect(first?.pm2_env).toMatchObject({
    ...{ status: 'online', restart_time: 0, unstable_restarts: 0, pm_id: 0, name: 'web', namespace: 'default', exec_mode: 'cluster_mode', instances: 2 },
    ...{ pm_cwd: directory, pm_exec_path: fixture('plain-http.cjs'), args: ['-v'], node_args: [], version: '4.5.6', node_version: process.versions.node },
    ...{ pm_out_log_path: join(sandbox.home, 'logs/web-out-0.log'), pm_err_log_path: join(sandbox.home, 'logs/web-error-0.log'), NODE_APP_INSTANCE: 0 },
    ...{ env: expect.objectContaining({ PORT: String(port), NODE_APP_INSTANCE: '0' }) as object, PORT: String(port), watch: false, autorestart: true },
  });
  expect(first?.pm2_env['pm_uptime']).toBeGreaterThanOrEqual(before);
  expect(second).toMatchObject({ pid: pids[1], pm_id: 1, pm2_env: { status: 'online', NODE_APP_INSTANCE: 1 } });
  expect(third).toMatchObject({ pid: 0, name: 'bot', pm_id: 2, monit: { memory: 0, cpu: 0 }, pm2_env: { status: 'stopped', exec_mode: 'fork_mode' } });

  expect((await sandbox.ok('prettylist')).stdout).toMatch(/^\[\n {2}\{\n {4}pid: \d+,\n {4}name: 'web',/);
  expect((await sandbox.ok('pid', 'web')).stdout).toBe(`${pids.join('\n')}\n`);
  expect((await sandbox.ok('pid', '1')).stdout).toBe(`${pids[1]}\n`);
  expect((await sandbox.ok('pid', 'bot')).stdout).toBe('');
  expect((await sandbox.ok('id', 'web')).stdout).toBe('[ 0, 1 ]\n');
  expect((await sandbox.ok('id', 'nothing')).stdout).toBe('[]\n');
  expect((await sandbox.ok('env', '1')).stdout).toMatch(new RegExp(`^NODE_APP_INSTANCE: 1\\n[^]*^PORT: ${port}\\n`, 'm'));
});

it('a slot that crashes is told as in PM2, and reset sets what is counted to 0', async () => {
  const { name, port } = await sandbox.start('plain-http.cjs', { instances: 1 });
  const [pid = 0] = await sandbox.workerPids(name);
  process.kill(pid, 'SIGKILL');
  await sandbox.waitForApp(name, 'have restarted', ({ restarts, ready }) => restarts === 1 && ready === 1);
  expect((await jlist())[0]).toMatchObject({ pm2_env: { status: 'online', restart_time: 1 } });
  expect((await sandbox.ok('reset', name)).stdout).toBe(`${name}: counters are 0\n`);
  expect((await jlist())[0]).toMatchObject({ pm2_env: { status: 'online', restart_time: 0 } });
  expect((await sandbox.snapshot(name)).totals.restarts, 'metrics go on').toBe(1);
  expect(await getJson(port)).toBeDefined();
});

it('flush empties the log files, and what is printed then is there', async () => {
  const text =
    "let n = 0; setInterval(() => console.log('line ' + n++), 20); console.error('once'); require('node:http').createServer().listen(process.env.PORT);";
  const { name } = await sandbox.start(sandbox.writeApp('printer.cjs', text), { instances: 1 });
  const file = join(sandbox.home, 'logs', `${name}-out.log`);
  const lines = (): readonly number[] => [...readFileSync(file, 'utf8').matchAll(/^line (\d+)$/gm)].map(([, n]) => Number(n));
  await sandbox.waitFor('some lines', () => existsSync(file) && lines().length > 5);
  writeFileSync(`${file}.1`, 'older\n');
  const last = lines().at(-1) ?? 0;
  expect((await sandbox.ok('flush', name)).stdout).toBe(`${name}: 2 log files emptied\n`);
  expect(existsSync(`${file}.1`)).toBe(false);
  await sandbox.waitFor('new lines', () => lines().length > 5);
  const left = lines();
  expect(left[0]).toBeGreaterThan(last);
  expect(left, 'none is missing').toEqual(Array.from({ length: left.length }, (_, index) => (left[0] ?? 0) + index));
  expect((await sandbox.ok('logs', name, '--no-follow', '--raw', '--lines', '1000')).stdout).not.toContain('older');
  await sandbox.ok('reloadLogs');
  await sandbox.ok('stop', name);
  expect((await sandbox.ok('flush')).stdout).toContain(`${name}: 2 log files emptied`);
  expect(readFileSync(file, 'utf8')).toBe('');
});

it('save, dump, cleardump and resurrect succeed and say what holds', async () => {
  await sandbox.start('plain-http.cjs', { name: 'kept', instances: 1 });
  expect((await sandbox.ok('save', '--force')).stdout).toMatch(/^nothing to do: lb saves every change at once.*\n$/);
  expect((await sandbox.ok('dump')).stdout).toMatch(/^nothing to do/);
  expect((await sandbox.ok('cleardump')).stdout).toMatch(/^nothing was cleared: .*"lb delete all".*\n$/);
  process.kill(await sandbox.daemonPid(), 'SIGTERM');
  await sandbox.waitFor('the daemon to end', async () => (await sandbox.lb('ping')).code === 4);
  expect((await sandbox.ok('resurrect')).stdout).toBe('running again, as every change is saved at once: kept\n');
  await sandbox.waitForOnline('kept');
});

it('the completion of bash knows the apps', async () => {
  await sandbox.start('plain-http.cjs', { name: 'completed', instances: 1 });
  expect((await sandbox.ok('completion', 'bash')).stdout).toContain('lb completion apps');
  expect((await sandbox.ok('completion', 'apps')).stdout).toBe('completed\n');
});

it('list is sorted, and short with -m', async () => {
  await sandbox.start('plain-http.cjs', { name: 'two words', instances: 1 });
  await sandbox.start('plain-http.cjs', { name: 'a', instances: 3 });
  const order = async (...args: string[]): Promise<readonly string[]> => (await sandbox.ok('list', '-m', ...args)).stdout.trimEnd().split('\n');
  const lines = await order();
  expect(lines[0]).toMatch(/^1-3 online 3\/3 0 \d+s (?:\d+%|-) [\d.]+M a$/);
  expect(lines[1]).toMatch(/^0 online 1\/1 0 \d+s (?:\d+%|-) [\d.]+M two words$/);
  expect((await order('--sort', 'id'))[0]).toContain('two words');
  expect((await order('--sort', 'memory:desc'))[0]).toMatch(/ a$/);
  expect(await sandbox.lb('list', '--sort', 'colour')).toMatchObject({ code: 2, stderr: expect.stringContaining('expected one of name, id,') as string });
});
