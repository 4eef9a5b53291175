import { expect, it } from 'vitest';
import { attachDebugger } from '../helpers/inspector.ts';
import { startLoad } from '../helpers/load.ts';
import { isAlive } from '../helpers/processes.ts';
import { createSandbox } from '../helpers/sandbox.ts';
import { describeTally, expectLossless } from '../helpers/tally.ts';

const sandbox = await createSandbox();

/** Until the daemon is another one; returns how long that took. */
async function replaced(daemon: number): Promise<number> {
  const begunAt = performance.now();
  await sandbox.waitFor('another daemon', async () => (await sandbox.daemonPid()) !== daemon, { deadlineMs: 15_000 });
  expect(isAlive(daemon)).toBe(false);
  return performance.now() - begunAt;
}

const startOfDaemon = async (): Promise<string> =>
  (await sandbox.control('GET', '/v1/events?limit=50'))
    .json<{ events: { kind: string; message: string }[] }>()
    .events.findLast(({ kind }) => kind === 'daemon-start')?.message ?? '';

it('S34: a daemon that is stopped is replaced by the primaries, and nobody notices', async () => {
  const { name, port } = await sandbox.start('plain-http.cjs');
  const second = await sandbox.start('plain-http.cjs', { instances: 1 });
  const loads = [port, second.port].map((each) => startLoad({ port: each, mode: 'connection-per-request', clients: 2 }));
  const daemon = await sandbox.daemonPid();
  const primaries = await Promise.all([name, second.name].map((app) => sandbox.primaryPid(app)));
  process.kill(daemon, 'SIGSTOP');
  expect(await replaced(daemon)).toBeLessThan(10_000);
  expect(await startOfDaemon()).toContain('the daemon hung and was killed: it is stopped (SIGSTOP)');
  await sandbox.waitForOnline(name);
  expect(await Promise.all([name, second.name].map((app) => sandbox.primaryPid(app)))).toEqual(primaries);
  for (const load of loads) expectLossless(await load.stop(), 'daemon stopped');
});

it('S34: a daemon in an endless loop is replaced; a command meanwhile says so, and works', async () => {
  const { name } = await sandbox.start('plain-http.cjs');
  const daemon = await sandbox.daemonPid();
  const inspector = await attachDebugger(daemon);
  inspector.send(JSON.stringify({ id: 1, method: 'Runtime.evaluate', params: { expression: 'for (;;);' } }));
  inspector.on('error', () => {});
  const list = await sandbox.ok('list');
  expect(list.stdout).toMatch(new RegExp(`${name} +[\\d,-]+ +online`));
  expect(list.stderr).toContain(`the daemon (pid ${daemon}) does not answer`);
  // 5 s of CPU time prove the loop, which other work on this machine makes longer.
  expect(list.durationMs).toBeLessThan(20_000);
  expect(await sandbox.daemonPid()).not.toBe(daemon);
});

it('S34: a primary that is stopped is replaced within 8 s; connections wait meanwhile', async () => {
  const { name, port } = await sandbox.start('plain-http.cjs');
  const load = startLoad({ port, mode: 'connection-per-request', clients: 2, hungMs: 9_000 });
  await load.waitForServed(20);
  await sandbox.waitForApp(name, 'have its sockets kept', (now) => now.socketsKept);
  const primary = await sandbox.primaryPid(name);
  process.kill(primary, 'SIGSTOP');
  const begunAt = performance.now();
  await sandbox.waitFor('another primary', async () => (await sandbox.snapshot(name)).primaryPid !== primary);
  expect(performance.now() - begunAt).toBeLessThan(8_000);
  await sandbox.waitForOnline(name);
  await load.waitForServed(50);
  const tally = await load.stop();
  // What it had accepted is reset; what it had not is served by the next one.
  expect([tally.hung, tally.refused, tally.wrong], describeTally(tally)).toEqual([0, 0, 0]);
  expect(tally.reset, describeTally(tally)).toBeLessThanOrEqual(2);
});
