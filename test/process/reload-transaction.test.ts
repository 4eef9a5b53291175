import { expect, it } from 'vitest';
import type { AppSnapshot } from '../../src/protocol/snapshot.ts';
import { getJson } from '../helpers/http.ts';
import { startLoad } from '../helpers/load.ts';
import { createSandbox, type StartedApp } from '../helpers/sandbox.ts';
import { expectLossless, expectOnlyResets } from '../helpers/tally.ts';

const sandbox = await createSandbox();
const CLIENTS = 4;

const startVersion = (version: string, instances = 2, flags: string[] = []): Promise<StartedApp> =>
  sandbox.start(sandbox.deploy('server.cjs', 'plain-http.cjs', version), { instances, flags });

const pidsBySlot = (app: AppSnapshot): ReadonlyMap<number, number> =>
  new Map(app.workers.filter((worker) => worker.state === 'ready').map((worker) => [worker.slot, worker.pid]));

it.each([
  { what: 'S9: it boots longer than it may', fixture: 'slow-boot.cjs', says: /not listening within 1.5 s/, flags: ['--listen-timeout', '1500'] },
  { what: 'S9: it never listens', fixture: 'never-ready.cjs', says: /waiting for a database that never comes/, flags: ['--listen-timeout', '1500'] },
  { what: 'S10: it crashes at once', fixture: 'crash-at-boot.cjs', says: /no database at boot/ },
  { what: 'S10: it crashes a moment after listening', fixture: 'crash-when-ready.cjs', says: /fell over once it was ready/, monitor: '1000', served: true },
  { what: 'it has a syntax error', fixture: 'syntax-error.cjs', says: /SyntaxError/ },
])('$what: the old version keeps serving, exit code 1', async ({ fixture, says, flags = [], monitor = '100', served = false }) => {
  const { name, port } = await startVersion('old', 2, flags);
  const before = await sandbox.snapshot(name);
  const load = startLoad({ port, mode: 'connection-per-request', clients: CLIENTS });
  const kept = startLoad({ port, mode: 'keep-alive', clients: 1 });
  sandbox.deploy('server.cjs', fixture, 'new', { BOOT_MS: '5000' });
  const result = await sandbox.lb('reload', name, '--monitor', monitor);
  expect(result.code, String(result)).toBe(1);
  expect(result.stderr).toMatch(says);
  expect(result.stderr).toMatch(/failed: worker 0 \(pid \d+\)/);
  await load.waitForServed(10);
  // A new worker that took requests before it fell over costs what it was serving: at most one request per client.
  expectOnlyResets(await kept.stop(), served ? 1 : 0, 'keep-alive');
  expectOnlyResets(await load.stop(), served ? CLIENTS : 0, 'connection per request');
  const after = await sandbox.waitForOnline(name);
  expect(pidsBySlot(after)).toEqual(pidsBySlot(before));
  expect(await getJson(port)).toMatchObject({ version: 'old' });
});

it('a boot of two seconds is no failure, the old version serves until then', async () => {
  const { name, port } = await startVersion('old', 1);
  const load = startLoad({ port, mode: 'keep-alive', clients: 2 });
  sandbox.deploy('server.cjs', 'slow-boot.cjs', 'new', { BOOT_MS: '2000' });
  await sandbox.ok('reload', name, '--monitor', '100');
  await load.waitForServed(10);
  const tally = await load.stop();
  expectLossless(tally);
  expect(await getJson(port)).toMatchObject({ version: 'new' });
});

/** A new version that fails to boot in one slot only. */
const failsInSlot = (slot: number): string => sandbox.deploy('server.cjs', 'crash-in-slot.cjs', 'new', { CRASH_SLOTS: String(slot) });

it('a failure in the second slot leaves its old worker serving', async () => {
  const { name, port } = await startVersion('old', 3);
  const before = pidsBySlot(await sandbox.snapshot(name));
  const load = startLoad({ port, mode: 'connection-per-request' });
  failsInSlot(1);
  const result = await sandbox.lb('reload', name, '--monitor', '100', '--on-failure', 'pause');
  expect(result.code, String(result)).toBe(1);
  expect(result.stderr).toContain('no luck in slot 1');
  expectLossless(await load.stop());
  const after = pidsBySlot(await sandbox.snapshot(name));
  expect(after.size).toBe(3);
  expect(after.get(0)).not.toBe(before.get(0));
  expect(after.get(1)).toBe(before.get(1));
  expect(after.get(2)).toBe(before.get(2));
});

it('--on-failure continue replaces what can be replaced, and still exits with 1', async () => {
  const { name, port } = await startVersion('old', 3);
  const before = pidsBySlot(await sandbox.snapshot(name));
  const load = startLoad({ port, mode: 'connection-per-request' });
  failsInSlot(1);
  const result = await sandbox.lb('reload', name, '--monitor', '100', '--on-failure', 'continue');
  expect(result.code, String(result)).toBe(1);
  expectLossless(await load.stop());
  const after = pidsBySlot(await sandbox.snapshot(name));
  expect(after.size).toBe(3);
  expect(after.get(0)).not.toBe(before.get(0));
  expect(after.get(1)).toBe(before.get(1));
  expect(after.get(2)).not.toBe(before.get(2));
});

it('--all-at-once leaves the old version whole when the last slot fails', async () => {
  const { name, port } = await startVersion('old', 3);
  const before = pidsBySlot(await sandbox.snapshot(name));
  const load = startLoad({ port, mode: 'connection-per-request' });
  failsInSlot(2);
  const result = await sandbox.lb('reload', name, '--monitor', '100', '--all-at-once');
  expect(result.code, String(result)).toBe(1);
  expectLossless(await load.stop());
  expect(pidsBySlot(await sandbox.waitForOnline(name))).toEqual(before);
});

it('--all-at-once switches all workers when all are well', async () => {
  const { name, port } = await startVersion('old', 3);
  const load = startLoad({ port, mode: 'think' });
  sandbox.deploy('server.cjs', 'plain-http.cjs', 'new');
  await sandbox.ok('reload', name, '--monitor', '100', '--all-at-once');
  await load.waitForServed(10);
  expectLossless(await load.stop());
  expect(await getJson(port)).toMatchObject({ version: 'new' });
});

it('a second reload repairs what the first one left', async () => {
  const { name, port } = await startVersion('old');
  sandbox.deploy('server.cjs', 'crash-at-boot.cjs', 'broken');
  expect((await sandbox.lb('reload', name, '--monitor', '100')).code).toBe(1);
  sandbox.deploy('server.cjs', 'plain-http.cjs', 'new');
  await sandbox.ok('reload', name, '--monitor', '100');
  expect(await getJson(port)).toMatchObject({ version: 'new' });
});
