/** @module-tag every-kind */
import { expect, it } from 'vitest';
import { request } from '../helpers/http.ts';
import { startGated } from '../helpers/gated-app.ts';
import { kernelQueue } from '../helpers/kernel-queue.ts';
import { startLoad } from '../helpers/load.ts';
import { createSandbox } from '../helpers/sandbox.ts';
import { describeTally, expectLossless, expectOnlyResets } from '../helpers/tally.ts';

const sandbox = await createSandbox();
const CLIENTS = 6;

it('S12: SIGKILL of a worker under load: only what it was serving fails, nobody hangs', async () => {
  const kills = 4;
  const { name, port } = await sandbox.start('plain-http.cjs');
  const each = startLoad({ port, mode: 'connection-per-request', clients: CLIENTS });
  const kept = startLoad({ port, mode: 'keep-alive', clients: 2 });
  for (let kill = 1; kill <= kills; kill++) {
    await each.waitForServed(50);
    const [victim] = await sandbox.workerPids(name);
    if (victim === undefined) throw new Error('no worker to kill');
    process.kill(victim, 'SIGKILL');
    await sandbox.waitForApp(name, `have replaced ${victim}`, (now) => now.ready === 2 && now.restarts === kill);
  }
  await each.waitForServed(50);
  // A client has one request under way at a time, so that a kill costs each client at most one.
  expectOnlyResets(await each.stop(), CLIENTS * kills, 'connection per request');
  expectOnlyResets(await kept.stop(), 2 * kills, 'keep-alive');
  const { lastExits } = await sandbox.snapshot(name);
  expect(lastExits.at(-1)).toMatchObject({ signal: 'SIGKILL', code: null, stopReason: null, stateBefore: 'ready' });
});

it('S13: SIGKILL of all workers at once: connections wait, none is refused', async () => {
  const { name, port } = await sandbox.start('plain-http.cjs');
  const load = startLoad({ port, mode: 'connection-per-request', clients: CLIENTS });
  for (let round = 1; round <= 3; round++) {
    await load.waitForServed(50);
    const pids = await sandbox.workerPids(name);
    for (const pid of pids) process.kill(pid, 'SIGKILL');
    await sandbox.waitForApp(name, 'have new workers', (now) => now.ready === 2 && !now.workers.some((worker) => pids.includes(worker.pid)));
    await load.waitForServed(20);
  }
  expectOnlyResets(await load.stop(), CLIENTS * 3, 'S13');
});

it('the same while the new workers take their time to boot', async () => {
  const { name, port, open } = await startGated(sandbox);
  const pids = await sandbox.workerPids(name);
  for (const pid of pids) process.kill(pid, 'SIGKILL');
  await sandbox.waitForApp(name, 'have lost its workers', (now) => now.ready === 0);
  const load = startLoad({ port, mode: 'connection-per-request', clients: CLIENTS });
  await sandbox.waitForApp(name, 'have waiting connections, in its queue or in that of the kernel', (now) => now.queued + kernelQueue(port) === CLIENTS);
  open();
  await load.waitForServed(CLIENTS);
  expectLossless(await load.stop());
});

it('S28: an uncaught exception in one request ends that worker and costs only what it was serving', { tags: ['every-node'] }, async () => {
  const { name, port } = await sandbox.start('uncaught-in-request.cjs', { instances: 3 });
  const load = startLoad({ port, mode: 'keep-alive', clients: CLIENTS });
  await load.waitForServed(50);
  await expect(request('/throw', { port })).rejects.toThrow(/socket hang up|ECONNRESET/);
  const after = await sandbox.waitForApp(name, 'have replaced the worker', (now) => now.ready === 3 && now.restarts === 1);
  await load.waitForServed(50);
  const tally = await load.stop();
  expectOnlyResets(tally, CLIENTS, 'S28');
  expect(after.lastExits.at(-1)).toMatchObject({ code: 1, signal: null, stopReason: null });
  expect(after.lastExits.at(-1)?.lastStderr.join('\n')).toContain('uncaught in a request');
  expect(after.state, describeTally(tally)).toBe('online');
});

it('a worker that ends in the middle of a reload does not end the reload', async () => {
  const { name, port, open } = await startGated(sandbox);
  const load = startLoad({ port, mode: 'connection-per-request', clients: 2 });
  const reload = sandbox.lbBackground('reload', name, '--monitor', '100');
  const during = await sandbox.waitForApp(name, 'start its first new worker', (now) => now.workers.some((worker) => worker.state === 'starting'));
  const victim = during.workers.find((worker) => worker.slot === 1 && worker.state === 'ready');
  if (victim === undefined) throw new Error('no old worker in slot 1');
  process.kill(victim.pid, 'SIGKILL');
  await sandbox.waitForApp(name, 'have lost it', (now) => !now.workers.some(({ pid }) => pid === victim.pid));
  open();
  const result = await reload.ended;
  expect(result.code, String(result)).toBe(0);
  const after = await sandbox.waitForOnline(name);
  expect(new Set(after.workers.map((worker) => worker.generation))).toEqual(new Set([after.generation]));
  await load.waitForServed(10);
  expectOnlyResets(await load.stop(), 2, 'kill during reload');
});
