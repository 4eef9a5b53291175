/** @module-tag light */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { isAlive } from '../helpers/processes.ts';
import { startLoad, type Load } from '../helpers/load.ts';
import { Sandbox } from '../helpers/sandbox.ts';
import { describeTally } from '../helpers/tally.ts';

/** Files and disks that fail while the daemon or a primary dies: the app serves, nothing is refused, commands work and say what is wrong. */

const CLIENTS = 4;

/** @param cleanUp called when nothing runs any more */
function newSandbox(cleanUp: (sandbox: Sandbox) => void = () => {}): Sandbox {
  const sandbox = new Sandbox();
  onTestFinished(async ({ task }) => {
    if (task.result?.state === 'fail') console.error(sandbox.report());
    await sandbox.clear();
    await sandbox.lb('kill');
    cleanUp(sandbox);
    await sandbox.dispose();
  });
  return sandbox;
}

const loadOn = (port: number): Load => startLoad({ port, mode: 'connection-per-request', clients: CLIENTS });

/** Connections that a killed primary had accepted may be reset: one of each client. */
async function expectServed(load: Load, primaryDeaths: number): Promise<void> {
  await load.waitForServed(20);
  const tally = await load.stop();
  const { refused, hung, wrong, reset, other } = tally;
  expect({ refused, hung, wrong, other }, describeTally(tally)).toEqual({ refused: 0, hung: 0, wrong: 0, other: {} });
  expect(reset, describeTally(tally)).toBeLessThanOrEqual(primaryDeaths * CLIENTS);
}

async function killPrimary(sandbox: Sandbox, app: string): Promise<void> {
  const before = await sandbox.waitForApp(app, 'have its sockets kept', (now) => now.socketsKept && now.ready === now.instances);
  process.kill(before.primaryPid ?? -1, 'SIGKILL');
  const isNew = (pid: number | null): boolean => pid !== null && pid !== before.primaryPid;
  await sandbox.waitForApp(app, 'have a new primary', (now) => isNew(now.primaryPid) && now.state === 'online' && now.ready === now.instances);
}

async function killDaemon(sandbox: Sandbox, app: string): Promise<void> {
  const daemon = await sandbox.daemonPid();
  const { primaryPid } = await sandbox.snapshot(app);
  process.kill(daemon, 'SIGKILL');
  await sandbox.waitFor('a new daemon', async () => (await sandbox.daemonPid()) !== daemon);
  const { primaryPid: after } = await sandbox.waitForOnline(app);
  expect(after, 'the primary lives on').toBe(primaryPid);
  expect(isAlive(daemon)).toBe(false);
}

it('S33: a named pipe in the place of a log file: nothing waits for somebody to read or write it', async () => {
  const sandbox = newSandbox();
  const pipe = join(sandbox.directory, 'pipe.log');
  if (spawnSync('mkfifo', [pipe]).status !== 0) throw new Error('mkfifo');
  const { name } = await sandbox.start('plain-http.cjs', { instances: 1, flags: ['--output', pipe, '--error', pipe] });
  await sandbox.ok('stop', name);
  const times = join(sandbox.home, 'line-times');
  rmSync(times, { recursive: true, force: true });
  mkdirSync(times);
  for (let n = 0; n < 6; n++) expect((await sandbox.control('GET', `/v1/apps/${name}/logs`)).status).toBe(200);
  await sandbox.ok('logs', name, '--no-follow');
  const { durationMs } = await sandbox.ok('kill');
  expect(durationMs).toBeLessThan(5_000);
});

it('S33: a directory in the place of daemon.log, then a home that was deleted', async () => {
  const sandbox = newSandbox();
  const { name, port } = await sandbox.start('plain-http.cjs');
  const load = loadOn(port);
  const log = join(sandbox.home, 'daemon.log');
  rmSync(log);
  mkdirSync(log);
  await killPrimary(sandbox, name);
  await killDaemon(sandbox, name);
  const list = await sandbox.ok('list');
  expect(list.stdout).toMatch(/online +2\/2/);
  expect(list.stderr).toContain(`${log} cannot be written (EISDIR: illegal operation on a directory); what the daemon logs is lost until it can`);
  rmdirSync(log);
  await sandbox.waitFor('the log to be written again', () => existsSync(log) && readFileSync(log, 'utf8').includes('the log can be written again'));
  expect((await sandbox.ok('list')).stderr).toBe('');
  const events = (await sandbox.ok('events', '--json')).stdout;
  expect(events).toContain('"kind":"storage"');
  expect(events).toContain(`${log} can be written again`);

  const daemon = await sandbox.daemonPid();
  rmSync(sandbox.home, { recursive: true });
  process.kill(daemon, 'SIGKILL');
  await sandbox.waitFor('a new daemon', async () => (await sandbox.daemonPid()) !== daemon);
  await sandbox.waitForOnline(name);
  await sandbox.ok('scale', name, '1');
  await sandbox.waitFor('what runs to be saved', () => readFileSync(join(sandbox.home, 'state.json'), 'utf8').includes(`"name": "${name}"`));
  await expectServed(load, 1);
});

function mount(...args: readonly string[]): void {
  const { status, stderr } = spawnSync('mount', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`mount ${args.join(' ')}: ${stderr}`);
}

const unmount = (path: string): void => void spawnSync('umount', ['-l', path]);

it('S33: a home that is read-only, then on a full disk', { tags: ['root'] }, async () => {
  const sandbox = newSandbox(({ home }) => unmount(home));
  mkdirSync(sandbox.home, { mode: 0o700 });
  mount('-t', 'tmpfs', '-o', 'size=2m,mode=0700', 'tmpfs', sandbox.home);
  const { name, port } = await sandbox.start('plain-http.cjs');
  const load = loadOn(port);
  mount('--bind', sandbox.home, sandbox.home);
  mount('-o', 'remount,bind,ro', sandbox.home);
  await killPrimary(sandbox, name);
  expect((await sandbox.ok('list')).stderr).toContain('cannot be written (EROFS: read-only file system)');
  await killDaemon(sandbox, name);
  expect((await sandbox.ok('list')).stdout).toMatch(/online +2\/2/);
  await killPrimary(sandbox, name);
  await sandbox.ok('reload', name);
  expect(dirname(sandbox.socket)).not.toBe(sandbox.home);
  unmount(sandbox.home);
  await killDaemon(sandbox, name);
  expect(dirname(sandbox.socket)).toBe(sandbox.home);

  const ballast = join(sandbox.home, 'ballast');
  expect(() => writeFileSync(ballast, Buffer.alloc(4 * 1024 * 1024))).toThrow('ENOSPC');
  await killPrimary(sandbox, name);
  await killDaemon(sandbox, name);
  await sandbox.ok('scale', name, '3');
  const full = await sandbox.ok('list');
  expect(full.stdout).toMatch(/online +3\/3/);
  expect(full.stderr).toContain(`${join(sandbox.home, 'state.json')} cannot be written (ENOSPC: no space left on device)`);
  rmSync(ballast);
  await sandbox.waitFor('what runs to be saved', () => readFileSync(join(sandbox.home, 'state.json'), 'utf8').includes('"instances": 3'));
  await sandbox.waitFor('all to be written', async () => (await sandbox.ok('list')).stderr === '');
  await expectServed(load, 3);
});
