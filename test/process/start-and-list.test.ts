/** @module-tag light */
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { AppSnapshot } from '../../src/protocol/snapshot.ts';
import { widthOf } from '../../src/terminal/text.ts';
import { getJson } from '../helpers/http.ts';
import { startLoad } from '../helpers/load.ts';
import { ROOT, fixture } from '../helpers/paths.ts';
import { isAlive } from '../helpers/processes.ts';
import { createSandbox } from '../helpers/sandbox.ts';
import { expectLossless } from '../helpers/tally.ts';

const sandbox = await createSandbox();

it('starts an app on two workers, answers on its port and lists it', { tags: ['every-node'] }, async () => {
  const { name, port, result } = await sandbox.start('plain-http.cjs');
  expect(result.stdout + result.stderr).toContain(name);

  const listed = (await sandbox.ok('list', '--json')).json<AppSnapshot[]>();
  expect(listed).toHaveLength(1);
  expect(listed[0]).toMatchObject({ name, state: 'online', instances: 2, ready: 2, restarts: 0, operation: null });
  expect(listed[0]?.node).toBe(process.versions.node);
  expect(listed[0]?.listeners.join(' ')).toContain(String(port));

  const pids = await sandbox.workerPids(name);
  expect(pids).toHaveLength(2);
  expect(pids.every(isAlive)).toBe(true);
  const load = startLoad({ port, mode: 'connection-per-request' });
  await load.waitForServed(20);
  const tally = await load.stop();
  expectLossless(tally);
  expect(Object.keys(tally.pids).map(Number).sort()).toEqual([...pids].sort());
});

it('keeps compiled code in the home if that is ours alone, and nowhere else', { tags: ['every-node'] }, async () => {
  const cache = join(sandbox.home, 'compile-cache');
  const tmp = join(sandbox.directory, 'tmp');
  const keeps = Number(process.versions.node.split('.')[0]) > 20;
  for (const [mode, expected] of [
    [0o777, false],
    [0o700, keeps],
  ] as const) {
    mkdirSync(sandbox.home, { recursive: true });
    chmodSync(sandbox.home, mode);
    rmSync(cache, { recursive: true, force: true });
    await sandbox.lbWith({ env: { TMPDIR: tmp } }, '--version');
    expect([existsSync(cache), existsSync(tmp)], mode.toString(8)).toEqual([expected, false]);
  }
  for (const HOME of ['', join(sandbox.directory, 'none'), sandbox.directory]) {
    const { code, stderr } = await sandbox.lbWith({ env: { LB_HOME: '', HOME } }, '--version');
    expect([code, stderr], `HOME=${HOME}`).toEqual([0, '']);
  }
});

it('prints a narrow table without colour when nobody sees it', async () => {
  const { name } = await sandbox.start('plain-http.cjs', { name: 'shop-api' });
  for (const command of ['list', 'ls', 'ps', 'status']) {
    const { stdout } = await sandbox.ok(command);
    expect(stdout).toContain(name);
    expect(stdout).toContain('online');
    expect(stdout).toContain('2/2');
    expect(stdout).not.toContain('\u001b');
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(85);
  }
});

it('shows one app, for people and for programs', async () => {
  const { name } = await sandbox.start('plain-http.cjs');
  const shown = (await sandbox.ok('show', name, '--json')).json<AppSnapshot>();
  expect(shown).toMatchObject({ name, state: 'online', spec: { script: fixture('plain-http.cjs') } });
  expect(shown.spec.envNames).toContain('PORT');
  const { stdout } = await sandbox.ok('show', name);
  expect(stdout).toContain(fixture('plain-http.cjs'));
  for (const worker of shown.workers) expect(stdout).toContain(String(worker.pid));
});

it('streams records with --json and ends with exactly one result', async () => {
  const { result } = await sandbox.start('plain-http.cjs', { name: 'streamed', flags: ['--json'] });
  expect(result.result).toMatchObject({ type: 'result', ok: true, apps: [{ name: 'streamed', ready: 2 }] });
  const ready = result.progress.filter((record) => record.step === 'ready');
  expect(ready.map((record) => record.slot).sort()).toEqual([0, 1]);
});

it('takes arguments, node arguments, a working directory and an env file', { tags: ['every-node'] }, async () => {
  const envFile = sandbox.writeApp('shop.env', '# comment\nGREETING="hello there"\n');
  const { port } = await sandbox.start('env-and-argv.cjs', {
    flags: ['--node-args', '--max-old-space-size=256', '--cwd', '/', '--env-file', envFile, '--', '--shop', 'a b'],
  });
  const dump = await getJson<{ argv: string[]; execArgv: string[]; env: Record<string, string>; cwd: string }>(port);
  expect(dump).toMatchObject({ execArgv: ['--max-old-space-size=256'], cwd: '/', env: { GREETING: 'hello there' } });
  expect(dump.argv.slice(1)).toEqual([fixture('env-and-argv.cjs'), '--shop', 'a b']);
});

it('starts as many workers as there is CPU with -i max', async () => {
  const { name } = await sandbox.start('plain-http.cjs', { instances: 'max' });
  const { instances, ready } = await sandbox.snapshot(name);
  expect(instances).toBeGreaterThanOrEqual(1);
  expect(instances).toBeLessThanOrEqual(availableParallelism());
  expect(ready).toBe(instances);
});

it('leaves an app of the same name as it is', async () => {
  const { name, port } = await sandbox.start('plain-http.cjs');
  const pids = await sandbox.workerPids(name);
  const again = await sandbox.tryStart('plain-http.cjs', { name, port });
  expect(again.result).toMatchObject({ code: 0, stdout: `${name} is already running; for new code: lb reload ${name}\n` });
  expect(await sandbox.workerPids(name)).toEqual(pids);
});

it('takes names in any script, with emoji and blanks, in whatever form they are typed', async () => {
  const [name, other] = ['Café 日本語 👩‍🚀', 'خدمة 2'];
  const { port } = await sandbox.start('plain-http.cjs', { name: name.normalize('NFD'), instances: 1 });
  await sandbox.start('plain-http.cjs', { name: other, instances: 1 });
  const lines = (await sandbox.ok('list')).stdout.split('\n').filter((line) => line.includes('online'));
  expect(lines.map((line) => line.slice(0, line.indexOf('online')).replace(/ +\d +$/, '')).sort()).toEqual([name, other].sort());
  expect(new Set(lines.map((line) => widthOf(line.slice(0, line.indexOf('online'))))).size).toBe(1);
  for (const words of [['reload'], ['show'], ['scale', '2'], ['health'], ['events'], ['logs', '--no-follow'], ['stop'], ['start']]) {
    const [command = '', ...others] = words;
    const { stdout } = await sandbox.ok(command, name.normalize('NFD'), ...others);
    expect(stdout, command).toContain(command === 'logs' ? '' : name);
  }
  expect(await getJson(port)).toMatchObject({ version: '1' });
  expect((await sandbox.ok('profile', `${name}:1`, '--cpu', '100ms')).stdout).toContain(`/${name}-1-`);
  expect((await sandbox.ok('metrics')).stdout).toContain(`lb_app_workers{app="${name}",state="ready"} 2\n`);
  const refused = await sandbox.tryStart('plain-http.cjs', { name: 'a,b' });
  expect(refused.result.stderr).toContain('--name: expected a name of letters, digits, emoji, single blanks inside and any of');
});

it('names an app that does not exist, and the nearest one that does', async () => {
  await sandbox.start('plain-http.cjs', { name: 'shop-api' });
  for (const command of ['show', 'reload', 'stop', 'restart', 'delete']) {
    const result = await sandbox.lb(command, 'shop-apo');
    expect(result.code, String(result)).toBe(3);
    expect(result.stderr).toContain('no app named "shop-apo"');
    expect(result.stderr).toContain('shop-api');
  }
});

it('answers ping, --version, --help and wrong words with named exit codes', async () => {
  const version = (JSON.parse(readFileSync(`${ROOT}/package.json`, 'utf8')) as { version: string }).version;
  expect((await sandbox.ok('--version')).stdout).toContain(version);
  expect((await sandbox.ok('--help')).stdout).toContain('reload');
  await sandbox.start('plain-http.cjs');
  expect((await sandbox.ok('ping')).stdout).toContain(String(await sandbox.daemonPid()));
  for (const words of [['lits'], ['start'], ['reload', '--no-such-flag', 'x'], ['scale', 'app', 'many']]) {
    const result = await sandbox.lb(...words);
    expect(result.code, String(result)).toBe(2);
    expect(result.stderr).not.toBe('');
    expect(result.stdout).toBe('');
  }
});
