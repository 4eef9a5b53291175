/** @module-tag every-kind */
import { expect, it } from 'vitest';
import { startLoad } from '../helpers/load.ts';
import { createSandbox } from '../helpers/sandbox.ts';
import { expectLossless } from '../helpers/tally.ts';

const sandbox = await createSandbox();

it('S17: 3 → 1 → 5 under load', async () => {
  const { name, port } = await sandbox.start('plain-http.cjs', { instances: 3 });
  const loads = [
    startLoad({ port, mode: 'connection-per-request', path: '/?ms=20', clients: 4 }),
    startLoad({ port, mode: 'keep-alive', clients: 2 }),
    startLoad({ port, mode: 'think', thinkMs: 150, bodyBytes: 16_384, clients: 6 }),
  ];
  const [lowest] = await sandbox.workerPids(name);
  for (const to of [1, 5]) {
    await sandbox.ok('scale', name, String(to));
    const after = await sandbox.waitForOnline(name);
    expect(after).toMatchObject({ instances: to, ready: to });
    expect(after.workers.map((worker) => worker.slot).sort()).toEqual(Array.from({ length: to }, (_, slot) => slot));
    expect(after.workers.find((worker) => worker.slot === 0)?.pid, 'the lowest slot stays').toBe(lowest);
    await Promise.all(loads.map((load) => load.waitForServed(20)));
  }
  for (const load of loads) expectLossless(await load.stop(), 'S17');
});

it('+n, -n, max, and what makes no sense', async () => {
  const { name } = await sandbox.start('plain-http.cjs', { instances: 1 });
  await sandbox.ok('scale', name, '+2');
  expect(await sandbox.waitForOnline(name)).toMatchObject({ instances: 3, ready: 3 });
  await sandbox.ok('scale', name, '-1');
  expect(await sandbox.waitForOnline(name)).toMatchObject({ instances: 2, ready: 2 });
  await sandbox.ok('scale', name, 'max');
  expect((await sandbox.waitForOnline(name)).instances).toBeGreaterThanOrEqual(1);
  const nonsense = await sandbox.lb('scale', name, 'lots');
  expect(nonsense.code, String(nonsense)).toBe(2);
  const { instances } = await sandbox.snapshot(name);
  const below = await sandbox.lb('scale', name, '-99');
  const after = await sandbox.snapshot(name);
  // Either refused, or no lower than one worker: never an app without workers that calls itself online.
  if (below.code === 0) expect(after.instances).toBe(1);
  else expect(after.instances).toBe(instances);
});

it('a new size survives a reload and is what list shows', async () => {
  const { name } = await sandbox.start('plain-http.cjs', { instances: 1 });
  await sandbox.ok('scale', name, '3');
  await sandbox.ok('reload', name, '--monitor', '100');
  expect(await sandbox.waitForOnline(name)).toMatchObject({ instances: 3, ready: 3 });
  expect((await sandbox.ok('list')).stdout).toContain('3/3');
});

/** Plain workers accept from one socket, where the kernel gives each connection to whoever is first: shares are not promised there. */
const sharedLoads =
  process.env['LB_TEST_KIND'] === 'plain'
    ? []
    : ([
        { mode: 'keep-alive', clients: 8 },
        { mode: 'think', thinkMs: 100, bodyBytes: 16_384, clients: 12 },
      ] as const);

it.each(sharedLoads)('a worker that joined gets its share of the requests on kept connections, without loss: $mode', async (load) => {
  const { name, port } = await sandbox.start('plain-http.cjs', { instances: 1 });
  const clients = startLoad({ port, ...load });
  await clients.waitForServed(50);
  await sandbox.ok('scale', name, '2');
  const joined = String((await sandbox.snapshot(name)).workers.find(({ slot }) => slot === 1)?.pid);
  await sandbox.waitFor('a third of the requests to reach it', async () => {
    const { served, pids } = structuredClone(clients.tally());
    await clients.waitForServed(100);
    const after = clients.tally();
    return ((after.pids[joined] ?? 0) - (pids[joined] ?? 0)) / (after.served - served) > 1 / 3;
  });
  const { workers } = await sandbox.snapshot(name);
  expect(
    workers.reduce((sum, { accepted }) => sum + accepted, 0),
    'nobody connects again and again',
  ).toBeLessThanOrEqual(2 * load.clients);
  expectLossless(await clients.stop(), load.mode);
  expect((await sandbox.ok('events', name)).stdout).toContain('rebalancing keep-alive connections');
});
