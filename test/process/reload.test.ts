/** @module-tag every-kind */
import { expect, it } from 'vitest';
import { startLoad, type LoadOptions } from '../helpers/load.ts';
import { isAlive } from '../helpers/processes.ts';
import { createSandbox } from '../helpers/sandbox.ts';
import { expectLossless } from '../helpers/tally.ts';

const sandbox = await createSandbox();

const RELOADS = 2;
/** The answers take so long that there are requests in progress whenever a worker leaves. */
const ALWAYS_SOME = { mode: 'connection-per-request', path: '/?ms=20' } as const;

/** Deploys and reloads several times under a load; every version must be seen, no request lost. */
async function reloadUnderLoad(what: string, instances: number, load: Omit<LoadOptions, 'port'>[]): Promise<void> {
  const script = sandbox.deploy('server.cjs', 'plain-http.cjs', 'v0');
  const { name, port } = await sandbox.start(script, { instances });
  const loads = load.map((options) => startLoad({ ...options, port }));
  for (let version = 1; version <= RELOADS; version++) {
    const before = await sandbox.workerPids(name);
    sandbox.deploy('server.cjs', 'plain-http.cjs', `v${version}`);
    await sandbox.ok('reload', name, '--monitor', '100');
    const after = await sandbox.waitForOnline(name);
    expect(
      after.workers.filter((worker) => before.includes(worker.pid)),
      'old workers that are still there',
    ).toEqual([]);
    expect(before.filter(isAlive), 'old processes that are still there').toEqual([]);
    await Promise.all(loads.map((running) => running.waitForServed(10)));
  }
  for (const running of loads) {
    const tally = await running.stop();
    expectLossless(tally, what);
    expect(Object.keys(tally.versions).sort()).toEqual(['v0', 'v1', 'v2']);
  }
}

it('S1: a new connection per request, 16 KB POST', { tags: ['every-node'] }, async () => {
  await reloadUnderLoad('S1', 2, [{ ...ALWAYS_SOME, bodyBytes: 16_384, clients: 6 }]);
});

it('S2: keep-alive clients that never pause', async () => {
  await reloadUnderLoad('S2', 2, [{ mode: 'keep-alive', thinkMs: 0, clients: 2 }]);
});

it('S3: keep-alive clients with think time and POST, no retry', { tags: ['every-node'] }, async () => {
  await reloadUnderLoad('S3', 2, [{ mode: 'think', thinkMs: 150, bodyBytes: 16_384, clients: 16 }]);
});

it('S11: an app with one worker', async () => {
  await reloadUnderLoad('S11', 1, [
    { mode: 'keep-alive', clients: 2 },
    { mode: 'think', clients: 6 },
    { ...ALWAYS_SOME, clients: 4 },
  ]);
});

it('four workers, two at a time', async () => {
  const script = sandbox.deploy('server.cjs', 'plain-http.cjs', 'v0');
  const { name, port } = await sandbox.start(script, { instances: 4 });
  const load = startLoad({ port, ...ALWAYS_SOME });
  sandbox.deploy('server.cjs', 'plain-http.cjs', 'v1');
  const { progress } = await sandbox.ok('reload', name, '--parallel', '2', '--monitor', '100', '--json');
  await load.waitForServed(10);
  const tally = await load.stop();
  expectLossless(tally);
  expect(Object.keys(tally.versions).sort()).toEqual(['v0', 'v1']);
  const readySlots = progress.filter((record) => record.step === 'ready').map((record) => record.slot);
  expect([...readySlots].sort()).toEqual([0, 1, 2, 3]);
  // The first slot is the canary: nobody else starts before it has been watched and its old worker was told to leave.
  const canary = progress.findIndex((record) => record.step === 'draining' && record.slot === 0);
  const others = progress.findIndex((record) => record.step === 'starting' && record.slot !== 0);
  expect(canary).toBeGreaterThanOrEqual(0);
  expect(others).toBeGreaterThan(canary);
});

it('every worker is replaced exactly once, new one first', async () => {
  const { name } = await sandbox.start('plain-http.cjs');
  const before = await sandbox.snapshot(name);
  const { progress, result } = await sandbox.ok('reload', name, '--monitor', '100', '--json');
  expect(result).toMatchObject({ ok: true, apps: [{ name, ready: 2, restarts: 0 }] });
  for (const slot of [0, 1]) {
    const steps = progress.filter((record) => record.slot === slot).map((record) => record.step);
    expect(steps.indexOf('ready')).toBeGreaterThanOrEqual(0);
    expect(steps.indexOf('draining')).toBeGreaterThan(steps.indexOf('ready'));
    expect(steps.filter((step) => step === 'exited')).toHaveLength(1);
  }
  const after = await sandbox.waitForOnline(name);
  expect(after.generation).toBeGreaterThan(before.generation);
  expect(new Set(after.workers.map((worker) => worker.generation)).size).toBe(1);
});

it('all: every app is reloaded', async () => {
  const first = await sandbox.start('plain-http.cjs', { instances: 1 });
  const second = await sandbox.start('express.cjs', { instances: 1 });
  const before = await Promise.all([sandbox.workerPids(first.name), sandbox.workerPids(second.name)]);
  await sandbox.ok('reload', 'all', '--monitor', '100');
  const after = await Promise.all([sandbox.workerPids(first.name), sandbox.workerPids(second.name)]);
  expect(after.flat().filter((pid) => before.flat().includes(pid))).toEqual([]);
  expect(after.flat()).toHaveLength(2);
});
