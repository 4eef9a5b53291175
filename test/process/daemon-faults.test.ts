import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { startLoad } from '../helpers/load.ts';
import { isAlive, processesOf } from '../helpers/processes.ts';
import type { LbResult } from '../helpers/run-lb.ts';
import { createSandbox } from '../helpers/sandbox.ts';
import { expectLossless } from '../helpers/tally.ts';

const sandbox = await createSandbox();
const state = join(sandbox.home, 'state.json');

async function killDaemon(): Promise<number> {
  const daemon = await sandbox.daemonPid();
  process.kill(daemon, 'SIGKILL');
  await sandbox.waitFor('the daemon to be gone', () => !isAlive(daemon));
  return daemon;
}

/** Ends everything at once, as a power cut does. */
async function killEverything(): Promise<void> {
  for (const { pid } of processesOf(sandbox.directory)) process.kill(pid, 'SIGKILL');
  await sandbox.waitFor('everything to be gone', () => processesOf(sandbox.directory).length === 0);
}

function expectPrompt(result: LbResult): void {
  expect(result.code, String(result)).toBe(0);
  expect(result.durationMs, String(result)).toBeLessThan(3_000);
  expect(result.stderr, String(result)).not.toMatch(/no daemon|run the command again/);
}

it('S35: commands right after the death of the daemon work, within 3 s', async () => {
  const { name, port } = await sandbox.start('plain-http.cjs', { name: 'api' });
  const load = startLoad({ port, mode: 'keep-alive', clients: 2 });
  await killDaemon();
  const [list, show, scale] = await Promise.all([sandbox.lb('list'), sandbox.lb('show', name, '--json'), sandbox.lb('scale', name, '1')]);
  for (const result of [list, show, scale]) expectPrompt(result);
  // The daemon that just began shows the app as it is, not as one that starts.
  expect(list.stdout).toMatch(/api +0(-1)? +(online|scal)/);
  await killDaemon();
  const [events, logs, health] = await Promise.all([sandbox.lb('events'), sandbox.lb('logs', name, '--no-follow'), sandbox.lb('health', name)]);
  for (const result of [events, logs, health]) expectPrompt(result);
  await killDaemon();
  expectPrompt(await sandbox.lb('reload', name, '--monitor', '0'));
  expectLossless(await load.stop(), 'daemon killed three times');
  await killDaemon();
  expectPrompt(await sandbox.lb('stop', name));
  expect(processesOf(sandbox.directory).filter(({ command }) => command.endsWith(' daemon'))).toHaveLength(1);
});

it('S36: a control socket that is deleted or replaced is opened anew, and commands wait for that', async () => {
  const { name, port } = await sandbox.start('plain-http.cjs');
  const load = startLoad({ port, mode: 'keep-alive', clients: 2 });
  const daemon = await sandbox.daemonPid();
  rmSync(sandbox.socket);
  expectPrompt(await sandbox.lb('list'));
  // Of a program that is gone.
  rmSync(sandbox.socket);
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(join(sandbox.home, 'x'), resolve));
  renameSync(join(sandbox.home, 'x'), sandbox.socket);
  other.close();
  expectPrompt(await sandbox.lb('scale', name, '1'));
  expect(await sandbox.daemonPid()).toBe(daemon);
  expect((await sandbox.snapshot(name)).socketsKept).toBe(true);
  expectLossless(await load.stop(), 'socket deleted');
  // Without a socket, both ways to end it.
  rmSync(sandbox.socket);
  process.kill(daemon, 'SIGTERM');
  await sandbox.waitFor('the daemon to end', () => !isAlive(daemon));
  await sandbox.ok('start', name);
  const next = await sandbox.daemonPid();
  rmSync(sandbox.socket);
  await sandbox.ok('kill');
  expect(isAlive(next)).toBe(false);
  expect(processesOf(sandbox.directory)).toEqual([]);
});

it('S37: after the death of everything, "lb list" tells what ran, and "lb start" brings it back', async () => {
  const one = await sandbox.start('plain-http.cjs', { name: 'one', instances: 1 });
  await sandbox.start('plain-http.cjs', { name: 'two', instances: 1 });
  await killEverything();
  const list = await sandbox.ok('list');
  expect(list.stderr).toContain('nothing is running, but these apps were: one, two; "lb start one" brings them all back');
  expect(processesOf(sandbox.directory)).toEqual([]);
  await sandbox.ok('start', 'one');
  await sandbox.waitForOnline('two');
  await killEverything();
  // The definition of this command, not the one that was saved.
  const { result } = await sandbox.tryStart('plain-http.cjs', { name: 'one', instances: 2, port: one.port });
  expect(result.code, String(result)).toBe(0);
  expect(await sandbox.waitForOnline('one')).toMatchObject({ instances: 2 });
});

it('S37: definitions that cannot be read are set aside, and whoever asks is told; those of a newer version are left alone', async () => {
  await sandbox.start('plain-http.cjs', { name: 'lost', instances: 1 });
  await killEverything();
  const saved = readFileSync(state, 'utf8');
  writeFileSync(state, saved.slice(0, 100));
  expect((await sandbox.ok('list')).stderr).toMatch(/state\.json cannot be read: .*sets it aside/);
  const { result } = await sandbox.tryStart('plain-http.cjs', { name: 'fresh', instances: 1 });
  expect(result.code, String(result)).toBe(0);
  const aside = readdirSync(sandbox.home).find((file) => file.startsWith('state.json.unreadable-')) ?? 'none';
  for (const { stderr } of [result, await sandbox.ok('list')]) expect(stderr).toContain(`kept as ${join(sandbox.home, aside)}`);
  await killEverything();
  const newer = JSON.stringify({ ...(JSON.parse(saved) as object), version: 99 });
  writeFileSync(state, newer);
  const refused = await sandbox.lb('start', 'lost');
  expect(refused.code, String(refused)).toBe(4);
  expect(refused.stderr).toContain('was written by a newer version of lb');
  expect(readFileSync(state, 'utf8')).toBe(newer);
  writeFileSync(state, saved);
  await sandbox.ok('start', 'lost');
});

it('S38: the daemon of a service manager takes over from one that lb started, and gives way to none', async () => {
  await sandbox.ok('kill');
  const service = sandbox.lbBackground('daemon');
  const { name, port } = await sandbox.start('plain-http.cjs');
  const loads = [startLoad({ port, mode: 'connection-per-request', clients: 2 }), startLoad({ port, mode: 'keep-alive', clients: 2 })];
  const before = await sandbox.snapshot(name);
  expect(await sandbox.daemonPid()).toBe(service.pid);
  service.kill('SIGKILL');
  const stray = await sandbox.waitFor('a daemon that a primary started', async () => {
    const pid = await sandbox.daemonPid();
    return pid === service.pid ? null : pid;
  });
  const reload = sandbox.lbBackground('reload', name, '--monitor', '400');
  await sandbox.waitForApp(name, 'reload', (now) => now.operation?.kind === 'reload');
  // The service manager starts its own again, which waits for the command.
  const again = sandbox.lbBackground('daemon');
  const reloaded = await reload.ended;
  expect(reloaded.code, String(reloaded)).toBe(0);
  await sandbox.waitFor('the daemon of the service', async () => (await sandbox.daemonPid()) === again.pid);
  await sandbox.waitFor('the other one to end', () => !isAlive(stray));
  expect(await sandbox.waitForOnline(name)).toMatchObject({ primaryPid: before.primaryPid, ready: before.ready });
  const second = await sandbox.lb('daemon');
  expect(second.code, String(second)).toBe(4);
  expect(second.stderr).toContain(`pid ${again.pid}`);
  expect(await sandbox.daemonPid()).toBe(again.pid);
  for (const load of loads) expectLossless(await load.stop(), 'taken over');
  await sandbox.ok('kill');
  expect((await again.ended).code).toBe(0);
});
