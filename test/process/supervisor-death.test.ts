/** @module-tag every-kind */
import { expect, it } from 'vitest';
import { startGated } from '../helpers/gated-app.ts';
import { startLoad } from '../helpers/load.ts';
import { isAlive, processesOf } from '../helpers/processes.ts';
import { createSandbox } from '../helpers/sandbox.ts';
import { describeTally, expectLossless, expectOnlyResets } from '../helpers/tally.ts';

const sandbox = await createSandbox();
const NEW_CLIENTS = 4;

const daemons = (): number => processesOf(sandbox.directory).filter((found) => found.command.endsWith(' daemon')).length;

it('S18: SIGKILL of the primary: no connection is refused, nobody hangs', { tags: ['every-node'] }, async () => {
  const { name, port } = await sandbox.start('plain-http.cjs');
  const each = startLoad({ port, mode: 'connection-per-request', clients: NEW_CLIENTS });
  const kept = startLoad({ port, mode: 'keep-alive', clients: 2 });
  const thinking = startLoad({ port, mode: 'think', thinkMs: 150, clients: 4 });
  for (let round = 1; round <= 2; round++) {
    await each.waitForServed(50);
    // The daemon keeps the sockets of the new primary too, as soon as it has been given them.
    await sandbox.waitForApp(name, 'have its sockets kept', (now) => now.socketsKept);
    const before = await sandbox.snapshot(name);
    process.kill(before.primaryPid ?? -1, 'SIGKILL');
    const after = await sandbox.waitForApp(
      name,
      'have a new primary',
      (now) => now.ready === 2 && now.state === 'online' && now.primaryPid !== before.primaryPid,
    );
    const old = before.workers.map((worker) => worker.pid);
    expect(after.workers.filter((worker) => old.includes(worker.pid))).toEqual([]);
    await sandbox.waitFor('the orphaned workers to leave', () => !old.some(isAlive));
    await each.waitForServed(50);
  }
  // Connections that the primary had accepted and not yet handed over die with it: at most one per client and kill.
  expectOnlyResets(await each.stop(), 2 * NEW_CLIENTS, 'connection per request');
  // Connections that a worker had are not touched.
  expectLossless(await kept.stop(), 'keep-alive');
  expectLossless(await thinking.stop(), 'think time');
});

it('S18: SIGKILL of the daemon: nobody notices, a new daemon adopts what runs, and then the primary may die too', { tags: ['every-node'] }, async () => {
  const { name, port } = await sandbox.start('plain-http.cjs');
  const second = await sandbox.start('express.cjs', { instances: 1, name: 'Café 日本語 👩‍🚀' });
  const loads = [
    startLoad({ port, mode: 'connection-per-request', clients: 3 }),
    startLoad({ port, mode: 'keep-alive', clients: 2 }),
    startLoad({ port: second.port, mode: 'think', clients: 2 }),
  ];
  await Promise.all(loads.map((load) => load.waitForServed(10)));
  const before = await sandbox.apps();
  const daemon = await sandbox.daemonPid();
  process.kill(daemon, 'SIGKILL');
  await sandbox.waitFor('a new daemon', async () => (await sandbox.daemonPid()) !== daemon);
  const after = await sandbox.waitFor('both apps to be adopted', async () => {
    const apps = await sandbox.apps();
    return apps.length === 2 && apps.every((app) => app.state === 'online') ? apps : null;
  });
  for (const app of before) {
    const now = after.find((candidate) => candidate.name === app.name);
    expect(now).toMatchObject({ primaryPid: app.primaryPid, ready: app.ready, generation: app.generation });
    expect(now?.workers.map((worker) => worker.pid).sort()).toEqual(app.workers.map((worker) => worker.pid).sort());
  }
  // Each primary may have started one; those that lose the lock end.
  await sandbox.waitFor('a single daemon', () => daemons() === 1);
  // The sockets are held twice again.
  for (const app of before) await sandbox.waitForApp(app.name, 'have its sockets kept', (now) => now.socketsKept, { deadlineMs: 3_000 });
  expect((await sandbox.ok('show', name)).stdout).toContain('kept by the daemon too');
  await sandbox.ok('reload', name, '--monitor', '100');
  for (const load of loads.splice(0)) expectLossless(await load.stop(), 'daemon killed');
  const again = startLoad({ port, mode: 'connection-per-request', clients: NEW_CLIENTS });
  await sandbox.ok('reload', name, '--all-at-once', '--monitor', '100');
  const { primaryPid, socketsKept } = await sandbox.snapshot(name);
  expect(socketsKept).toBe(true);
  await again.waitForServed(20);
  process.kill(primaryPid ?? -1, 'SIGKILL');
  await sandbox.waitForApp(name, 'have a new primary', (now) => now.ready === 2 && now.primaryPid !== primaryPid);
  await again.waitForServed(20);
  expectOnlyResets(await again.stop(), NEW_CLIENTS, 'the primary killed after the daemon');
});

it('S18: SIGKILL of both at once: nobody hangs, and the app is back by itself', async () => {
  const { name, port } = await sandbox.start('plain-http.cjs');
  const load = startLoad({ port, mode: 'connection-per-request', clients: NEW_CLIENTS });
  const kept = startLoad({ port, mode: 'keep-alive', clients: 2 });
  await load.waitForServed(50);
  const before = await sandbox.snapshot(name);
  const daemon = await sandbox.daemonPid();
  process.kill(daemon, 'SIGKILL');
  process.kill(before.primaryPid ?? -1, 'SIGKILL');
  // No command is given: an orphaned worker starts the new daemon, which restores what ran.
  await sandbox.waitForApp(name, 'be back', (now) => now.state === 'online' && now.ready === 2 && now.primaryPid !== before.primaryPid, { deadlineMs: 15_000 });
  await sandbox.waitFor('the orphaned workers to leave', () => !before.workers.some((worker) => isAlive(worker.pid)));
  expect(daemons()).toBe(1);
  await load.waitForServed(50);
  for (const tally of [await load.stop(), await kept.stop()]) {
    // Refused until the new daemon has brought the app back: there is nobody left who holds the socket.
    expect(tally.hung, describeTally(tally)).toBe(0);
    expect(tally.wrong, describeTally(tally)).toBe(0);
    expect(tally.reset, describeTally(tally)).toBeLessThanOrEqual(NEW_CLIENTS);
  }
  const afterwards = startLoad({ port, mode: 'connection-per-request', clients: NEW_CLIENTS });
  await afterwards.waitForServed(20);
  await sandbox.ok('reload', name, '--monitor', '100');
  expectLossless(await afterwards.stop(), 'after the restoration');
});

it('a command under way tells when the daemon goes away', async () => {
  const { name, open } = await startGated(sandbox);
  const reload = sandbox.lbBackground('reload', name);
  await sandbox.waitForApp(name, 'reload', (now) => now.operation?.kind === 'reload');
  const daemon = await sandbox.daemonPid();
  process.kill(daemon, 'SIGKILL');
  const result = await reload.ended;
  expect(result.code, String(result)).toBe(4);
  expect(result.stderr).toContain('the daemon ended during the operation');
  await sandbox.waitFor('a new daemon', async () => (await sandbox.daemonPid()) !== daemon);
  // The primary finishes the reload, daemon or not.
  open();
  const after = await sandbox.waitForOnline(name);
  expect(new Set(after.workers.map((worker) => worker.generation))).toEqual(new Set([after.generation]));
});

it('a worker that hangs when its primary dies is killed after kill_timeout', async () => {
  const { name, port } = await sandbox.start('plain-http.cjs', { flags: ['--kill-timeout', '1s'] });
  const [stopped = 0, other = 0] = await sandbox.workerPids(name);
  process.kill(stopped, 'SIGSTOP');
  await sandbox.killPrimary(name);
  await sandbox.waitFor('both orphans to be gone', () => !isAlive(stopped) && !isAlive(other));
  expectLossless(await startLoad({ port, mode: 'connection-per-request', maxRequests: 10 }).ended, 'afterwards');
});
