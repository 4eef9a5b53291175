/** @module-tag light */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readlinkSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { getJson } from '../helpers/http.ts';
import { startLoad } from '../helpers/load.ts';
import { fixture, LB_PROGRAM } from '../helpers/paths.ts';
import { createSandbox } from '../helpers/sandbox.ts';
import { expectLossless } from '../helpers/tally.ts';

const sandbox = await createSandbox();

/** A Node.js of its own, as a version manager installs it. */
function installNode(name: string): string {
  const path = join(sandbox.directory, name, 'bin', 'node');
  mkdirSync(dirname(path), { recursive: true });
  copyFileSync(process.execPath, path);
  return path;
}

it('a script, a directory: a restart looks before it drains, and the reason stands everywhere', async () => {
  const script = sandbox.deploy('here/server.cjs', 'plain-http.cjs', '1');
  const { name, port } = await sandbox.start(script, { instances: 1, flags: ['--cwd', dirname(script)] });
  const load = startLoad({ port, mode: 'keep-alive', clients: 1 });
  const away = join(sandbox.directory, 'away');
  for (const [what, from, to] of [
    [`its script does not exist: ${script}`, script, `${script}.away`],
    [`its working directory does not exist: ${dirname(script)}`, dirname(script), away],
  ] as const) {
    renameSync(from, to);
    for (const command of ['restart', 'reload']) {
      const { code, stderr } = await sandbox.lb(command, name);
      expect(code).toBe(1);
      expect(oneLine(stderr)).toContain(`${command} of "${name}" was not begun, because its workers cannot be started: ${what}`);
    }
    if (from !== dirname(script)) renameSync(to, from);
  }
  await load.waitForServed(5);
  expectLossless(await load.stop(), 'refused restarts');

  for (const pid of await sandbox.workerPids(name)) process.kill(pid, 'SIGKILL');
  const reason = `it could not be started: its working directory does not exist: ${dirname(script)}`;
  await sandbox.waitFor('the reason in the list', async () => (await sandbox.ok('list')).stdout.includes(reason));
  expect((await sandbox.ok('show', name)).stdout).toContain(reason);
  expect((await sandbox.ok('events', name)).stdout).toContain(reason);
  renameSync(away, dirname(script));
  await sandbox.waitForOnline(name);
  expect((await getJson(port)).version).toBe('1');
});

/** `lb` run by another Node.js, which is then that of the daemon that it starts. */
function lbWith(node: string, ...args: string[]): void {
  const { status, stderr } = spawnSync(node, [LB_PROGRAM, ...args], { env: { ...sandbox.env, PORT: '0' }, cwd: sandbox.directory, encoding: 'utf8' });
  if (status !== 0) throw new Error(`lb ${args.join(' ')}: ${status} ${stderr}`);
}

const oneLine = (text: string): string => text.replaceAll(/\n */g, ' ');

async function replaceWorker(app: string): Promise<void> {
  const [pid = 0] = await sandbox.workerPids(app);
  process.kill(pid, 'SIGKILL');
  await sandbox.waitForApp(app, 'replace its worker', ({ workers, ready }) => ready === 1 && workers.every((worker) => worker.pid !== pid));
}

it('the default Node.js, uninstalled: the app, its next workers, the next daemon and the next primary run on', async () => {
  await sandbox.ok('kill');
  const node = installNode('v1');
  lbWith(node, 'start', fixture('plain-http.cjs'), '-n', 'plain');
  lbWith(node, 'start', fixture('plain-http.cjs'), '-n', 'api', '-i', '1');
  expect((await sandbox.ok('show', 'api')).stdout).toMatch(/interpreter +the Node\.js that runs the daemon/);
  rmSync(node);
  for (const app of ['plain', 'api']) await replaceWorker(app);
  await sandbox.ok('restart', 'api');
  const daemon = await sandbox.daemonPid();
  process.kill(daemon, 'SIGKILL');
  await sandbox.waitFor('the next daemon', async () => (await sandbox.daemonPid()) !== daemon);
  await sandbox.waitForOnline('api');
  await sandbox.killPrimary('api');
  await sandbox.ok('kill');
  await sandbox.ok('start', 'api');
  expect(readlinkSync(`/proc/${await sandbox.primaryPid('api')}/exe`), 'stored as the default').toBe(process.execPath);
});

it('the Node.js of one app: a reload does not ignore another one, and when it is uninstalled the reason stands everywhere', async () => {
  const [node, other] = [installNode('v1'), installNode('v2')];
  const { name } = await sandbox.start('plain-http.cjs', { instances: 1, flags: ['--interpreter', node] });
  const app = { name, script: fixture('plain-http.cjs'), instances: 1, interpreter: other };
  const config = sandbox.writeApp('lb.config.json', JSON.stringify({ apps: [app] }));
  for (const command of ['reload', 'restart']) {
    const { code, stderr } = await sandbox.lb(command, config);
    expect(code, stderr).toBe(1);
    expect(oneLine(stderr)).toContain(`runs with Node.js ${process.version} (${node}), and the new definition asks for ${other}`);
  }
  rmSync(node);
  await replaceWorker(name);
  process.kill(await sandbox.primaryPid(name), 'SIGKILL');
  const reason = `its interpreter is not an executable file: ${node}`;
  await sandbox.waitFor('the reason in the list', async () => (await sandbox.ok('list')).stdout.includes(`its primary could not be started: ${reason}`));
  expect((await sandbox.ok('show', name)).stdout).toContain(reason);
  expect((await sandbox.ok('events', name)).stdout).toContain(reason);
  await sandbox.ok('stop', name);
  const again = await sandbox.lb('start', name);
  expect(again.code).toBe(1);
  expect(oneLine(again.stderr)).toContain(reason);
});
