/** @module-tag every-kind */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { getJson, request } from '../helpers/http.ts';
import { isAlive } from '../helpers/processes.ts';
import { startLoad } from '../helpers/load.ts';
import { createSandbox } from '../helpers/sandbox.ts';
import { describeTally, lost } from '../helpers/tally.ts';

const sandbox = await createSandbox();

it('a stop lets requests in flight finish, keeps the definition, and a start brings it back', async () => {
  const { name, port } = await sandbox.start('sigterm-handler.cjs');
  const slow = Array.from({ length: 4 }, () => getJson(port, '/?ms=1000'));
  await sandbox.waitForApp(name, 'have four requests in flight', (now) => now.workers.reduce((sum, worker) => sum + worker.requestsInFlight, 0) === 4);
  const stop = sandbox.ok('stop', name);
  expect(await Promise.all(slow)).toHaveLength(4);
  await stop;
  expect(await sandbox.snapshot(name)).toMatchObject({ state: 'stopped', ready: 0, workers: [] });
  await expect(request('/', { port })).rejects.toThrow('ECONNREFUSED');
  expect((await sandbox.ok('list')).stdout).toMatch(new RegExp(`${name}\\s.*stopped`));

  await sandbox.ok('start', name);
  expect(await getJson(port)).toMatchObject({ version: '1' });
  await sandbox.ok('delete', name);
  expect(await sandbox.apps()).toEqual([]);
  expect((await sandbox.lb('start', name)).code).toBe(3);
});

it('an app that ignores every signal is killed at its deadline, with its children, and this is reported', async () => {
  const { name, port } = await sandbox.start('ignore-sigterm.cjs', { instances: 1, flags: ['--kill-timeout', '700'] });
  const { pid, child } = await getJson<{ pid: number; child: number }>(port);
  const { durationMs, progress } = await sandbox.ok('stop', name, '--json');
  expect(durationMs).toBeGreaterThan(600);
  expect(durationMs).toBeLessThan(5000);
  expect(progress.map((record) => record.message).join('\n')).toContain('kill_timeout');
  await sandbox.waitFor('worker and child to be gone', () => !isAlive(pid) && !isAlive(child));
  expect((await sandbox.snapshot(name)).lastExits).toMatchObject([{ pid, signal: 'SIGKILL', killedAtDeadline: true, stopReason: 'stop' }]);
});

it.each(['round-robin', 'direct'])('under load of new connections a stop serves or refuses them: %s', async (balance) => {
  const { name, port } = await sandbox.start('plain-http.cjs', { flags: ['--balance', balance] });
  const load = startLoad({ port, mode: 'connection-per-request', thinkMs: 2, clients: 32 });
  await load.waitForServed(300);
  await sandbox.ok('stop', name);
  const tally = await load.stop();
  // What the kernel accepts in the moment between the last look into its queue and the end of the socket; the whole queue would be many more.
  expect(tally.reset, describeTally(tally)).toBeLessThanOrEqual(3);
  expect(lost(tally) - tally.reset, describeTally(tally)).toBe(tally.refused);
});

it('--now does not wait', async () => {
  const { name, port } = await sandbox.start('sigterm-handler.cjs');
  const slow = getJson(port, '/?ms=9000').catch((thrown: unknown) => thrown);
  await sandbox.waitForApp(name, 'have a request in flight', (now) => now.workers.some((worker) => worker.requestsInFlight === 1));
  const { durationMs } = await sandbox.ok('stop', name, '--now');
  expect(durationMs).toBeLessThan(3000);
  expect(await slow).toBeInstanceOf(Error);
});

it('a second stop skips ahead of a drain that lasts', async () => {
  const { name, port } = await sandbox.start('sigterm-handler.cjs', { instances: 1 });
  const slow = getJson(port, '/?ms=9000').catch((thrown: unknown) => thrown);
  await sandbox.waitForApp(name, 'have a request in flight', (now) => now.workers.some((worker) => worker.requestsInFlight === 1));
  const first = sandbox.lbBackground('stop', name);
  await sandbox.waitForApp(name, 'drain', (now) => now.workers.some((worker) => worker.state === 'draining'));
  await sandbox.lb('stop', name, '--now');
  const result = await first.ended;
  expect(result.durationMs).toBeLessThan(5000);
  await slow;
  expect((await sandbox.snapshot(name)).state).toBe('stopped');
});

it('restart gives new workers, and says that it costs downtime', async () => {
  const { name, port } = await sandbox.start('plain-http.cjs');
  const before = await sandbox.workerPids(name);
  const { stdout, stderr } = await sandbox.ok('restart', name);
  expect(stdout + stderr).toMatch(/downtime|reload/);
  const after = await sandbox.waitForOnline(name);
  expect(after.workers.filter((worker) => before.includes(worker.pid))).toEqual([]);
  expect(after.workers.map((worker) => worker.pid)).toContain((await getJson(port)).pid);
});

it('a restart that cannot come up again says why', async () => {
  const script = sandbox.deploy('server.cjs', 'plain-http.cjs', 'v1');
  const { name } = await sandbox.start(script);
  sandbox.deploy('server.cjs', 'crash-at-boot.cjs', 'v2');
  const result = await sandbox.lb('restart', name);
  expect(result.code, String(result)).toBe(1);
  expect(result.stderr).toContain('no database at boot');
});

it('lb signal reaches every worker, and refuses what is no signal', async () => {
  const { name } = await sandbox.start('sigint-handler.cjs');
  const before = await sandbox.workerPids(name);
  await sandbox.ok('signal', 'SIGINT', name);
  await sandbox.waitForApp(name, 'have new workers', (now) => now.ready === 2 && !now.workers.some((worker) => before.includes(worker.pid)));
  const wrong = await sandbox.lb('signal', 'SIGNOPE', name);
  expect(wrong.code, String(wrong)).toBe(2);
  expect(wrong.stderr).toContain('SIGNOPE');
});

it('lb kill drains everything and ends the daemon', async () => {
  const first = await sandbox.start('sigterm-handler.cjs');
  await sandbox.start('never-listens.mjs', { instances: 1, flags: ['--min-uptime', '100', '--listen-timeout', '1s'] });
  const daemon = await sandbox.daemonPid();
  const slow = getJson(first.port, '/?ms=1500');
  await sandbox.waitForApp(first.name, 'have a request in flight', (now) => now.workers.some((worker) => worker.requestsInFlight === 1));
  await sandbox.ok('kill');
  expect(await slow).toMatchObject({ version: '1' });
  expect(isAlive(daemon)).toBe(false);
  expect(existsSync(join(sandbox.home, 'lb.sock'))).toBe(false);
  expect((await sandbox.ok('kill')).stderr).toContain('no daemon');
});

it('lb kill waits for a stop that another command has begun, and no daemon comes back', async () => {
  const { name, port } = await sandbox.start('slow-response.cjs');
  const slow = request('/?ms=2500', { port });
  await sandbox.waitForApp(name, 'have a request in flight', (now) => now.workers.some((worker) => worker.requestsInFlight === 1));
  const stop = sandbox.lbBackground('stop', name);
  await sandbox.waitForApp(name, 'drain', (now) => now.workers.some((worker) => worker.state === 'draining'));
  const daemon = await sandbox.daemonPid();
  await sandbox.ok('kill');
  expect(isAlive(daemon)).toBe(false);
  expect((await slow).status).toBe(200);
  expect((await stop.ended).code).toBe(0);
  // An orphaned primary would start a daemon after two seconds.
  await delay(2_500);
  expect(existsSync(sandbox.socket)).toBe(false);
});

it('the primary killed while it stops its app: the workers finish, the command waits for them, and the events tell all of it', async () => {
  const { name, port } = await sandbox.start('sigterm-handler.cjs', { instances: 1 });
  for (const command of ['stop', 'delete'] as const) {
    const slow = getJson(port, '/?ms=1500');
    await sandbox.waitForApp(name, 'have a request in flight', (now) => now.workers.some((worker) => worker.requestsInFlight === 1));
    const { primaryPid, workers } = await sandbox.snapshot(name);
    const ordered = sandbox.lbBackground(command, name);
    await sandbox.waitForApp(name, 'drain', (now) => now.workers.some((worker) => worker.state === 'draining'));
    process.kill(primaryPid ?? 0, 'SIGKILL');
    const result = await ordered.ended;
    expect(
      workers.filter(({ pid }) => isAlive(pid)),
      String(result),
    ).toEqual([]);
    await slow;
    const kinds = (await sandbox.ok('events', name, '--json')).stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { kind: string; severity: string });
    expect(kinds.slice(-4).map(({ kind, severity }) => `${kind} ${severity}`)).toEqual(['drain info', 'primary-lost error', 'operation error', 'ended info']);
    if (command === 'delete') {
      expect([result.code, (await sandbox.apps()).filter((app) => app.name === name)], String(result)).toEqual([0, []]);
      continue;
    }
    expect(result.code, String(result)).toBe(1);
    expect(result.stderr).toContain('ended during the operation');
    expect(await sandbox.snapshot(name)).toMatchObject({ state: 'stopped', workers: [] });
    await sandbox.ok('start', name);
  }
});
