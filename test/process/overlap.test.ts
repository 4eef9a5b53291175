import { expect, it } from 'vitest';
import { startGated, type GatedApp } from '../helpers/gated-app.ts';
import { startLoad, type Load } from '../helpers/load.ts';
import { createSandbox } from '../helpers/sandbox.ts';
import type { LbProcess } from '../helpers/run-lb.ts';
import { expectLossless } from '../helpers/tally.ts';

const sandbox = await createSandbox();

/** An app whose next reload lasts until the test opens the gate, under load. */
async function startUnderLoad(): Promise<GatedApp & { readonly load: Load }> {
  const started = await startGated(sandbox);
  return { ...started, load: startLoad({ port: started.port, mode: 'connection-per-request', clients: 3 }) };
}

const waitForReload = (name: string): Promise<unknown> => sandbox.waitForApp(name, 'reload', (now) => now.operation?.kind === 'reload');

const waitForQueued = (command: LbProcess): Promise<unknown> =>
  sandbox.waitFor(
    'the command to be queued',
    () => /is waiting for the running reload|joined the reload that is already waiting/.test(command.stdout + command.stderr),
    {
      context: () => command.stdout + command.stderr,
    },
  );

it('S20: reloads that come while one runs become one more', async () => {
  const { name, load, open } = await startUnderLoad();
  const before = await sandbox.snapshot(name);
  const first = sandbox.lbBackground('reload', name, '--monitor', '100');
  await waitForReload(name);
  const more = [1, 2, 3].map(() => sandbox.lbBackground('reload', name, '--monitor', '100'));
  await Promise.all(more.map(waitForQueued));
  expect((await sandbox.snapshot(name)).queuedOperations).toEqual(['reload']);
  open();
  for (const running of [first, ...more]) {
    const result = await running.ended;
    expect(result.code, String(result)).toBe(0);
  }
  const after = await sandbox.waitForOnline(name);
  expect(after.generation).toBe(before.generation + 2);
  expectLossless(await load.stop(), 'S20');
});

it('S20: a scale during a reload waits its turn, and both happen', async () => {
  const { name, load, open } = await startUnderLoad();
  const before = await sandbox.workerPids(name);
  const reload = sandbox.lbBackground('reload', name, '--monitor', '100');
  await waitForReload(name);
  const scale = sandbox.lbBackground('scale', name, '3');
  await waitForQueued(scale);
  open();
  for (const running of [reload, scale]) {
    const result = await running.ended;
    expect(result.code, String(result)).toBe(0);
  }
  const after = await sandbox.waitForOnline(name);
  expect(after).toMatchObject({ instances: 3, ready: 3 });
  expect(after.workers.filter((worker) => before.includes(worker.pid))).toEqual([]);
  expectLossless(await load.stop(), 'S20');
});

it('S20: Ctrl-C of the command leaves the operation running', async () => {
  const { name, load, open } = await startUnderLoad();
  const before = await sandbox.workerPids(name);
  const reload = sandbox.lbBackground('reload', name, '--monitor', '100');
  await waitForReload(name);
  reload.kill('SIGINT');
  const result = await reload.ended;
  expect(result.code === 0, String(result)).toBe(false);
  expect((await sandbox.snapshot(name)).operation?.kind).toBe('reload');
  open();
  const after = await sandbox.waitForApp(
    name,
    'have finished the reload',
    (now) => now.operation === null && now.ready === 2 && !now.workers.some((worker) => before.includes(worker.pid)),
  );
  expect(after.state).toBe('online');
  expectLossless(await load.stop(), 'S20');
});

it('--abort ends a reload: the command that waits for it says so, the app stays whole', async () => {
  const { name, load } = await startUnderLoad();
  const reload = sandbox.lbBackground('reload', name, '--monitor', '100');
  await waitForReload(name);
  await sandbox.ok('reload', name, '--abort');
  const result = await reload.ended;
  expect(result.code, String(result)).toBe(5);
  expect(result.stderr).toContain('was aborted');
  const after = await sandbox.waitForOnline(name);
  expect(after.workers).toHaveLength(2);
  expectLossless(await load.stop(), 'abort');
});

it('a stop does not wait for a reload', async () => {
  const { name, load } = await startUnderLoad();
  const reload = sandbox.lbBackground('reload', name, '--monitor', '100');
  await waitForReload(name);
  await load.stop();
  await sandbox.ok('stop', name);
  const result = await reload.ended;
  expect(result.code, String(result)).toBe(5);
  const after = await sandbox.snapshot(name);
  expect(after).toMatchObject({ state: 'stopped', workers: [] });
});

it('operations on two apps do not wait for each other', async () => {
  const slow = await startUnderLoad();
  const quick = await sandbox.start('plain-http.cjs');
  const reload = sandbox.lbBackground('reload', slow.name, '--monitor', '100');
  await waitForReload(slow.name);
  await sandbox.ok('reload', quick.name, '--monitor', '100');
  expect((await sandbox.snapshot(slow.name)).operation?.kind).toBe('reload');
  slow.open();
  expect((await reload.ended).code).toBe(0);
  expectLossless(await slow.load.stop());
});
