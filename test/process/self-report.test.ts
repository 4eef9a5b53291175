/** @module-tag light */
import http from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { AppSnapshot, WorkerSnapshot } from '../../src/protocol/snapshot.ts';
import { answersInTurn } from '../helpers/clients/connections.ts';
import { getJson } from '../helpers/http.ts';
import { createSandbox } from '../helpers/sandbox.ts';

const sandbox = await createSandbox();

/** How many of so many connections each worker got. */
async function spread(app: { readonly name: string; readonly port: number }, count: number): Promise<Record<number, number>> {
  const counts: Record<number, number> = {};
  for (const { pid } of await answersInTurn(sandbox, app, count)) counts[pid] = (counts[pid] ?? 0) + 1;
  return counts;
}

/** An open connection to one of the workers. */
async function openConnection(port: number): Promise<{ readonly pid: number; get(path?: string): Promise<number> }> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  onTestFinished(() => agent.destroy());
  const get = async (path = '/'): Promise<number> => (await getJson(port, path, { agent })).pid;
  return { pid: await get(), get };
}

const waitForWorker = (name: string, pid: number, what: string, is: (worker: WorkerSnapshot) => boolean): Promise<AppSnapshot> =>
  sandbox.waitForApp(name, `have a worker ${pid} that ${what}`, ({ workers }) => workers.some((worker) => worker.pid === pid && is(worker)));

describe.each(['self-report-on-request.cjs', 'self-report-by-helper.cjs'])('%s', (script) => {
  it('drain: no new connections, those it has go on; ready: as before', async () => {
    const { name, port } = await sandbox.start(script);
    const worker = await openConnection(port);
    await worker.get('/say?lb=drain&reason=deploying');
    await waitForWorker(name, worker.pid, 'is withdrawn', ({ withdrawn }) => withdrawn === 'deploying');
    expect(await spread({ name, port }, 20)).not.toHaveProperty(String(worker.pid));
    expect(await worker.get()).toBe(worker.pid);
    expect((await sandbox.snapshot(name)).ready).toBe(2);

    await worker.get('/say?lb=ready');
    await waitForWorker(name, worker.pid, 'is back', ({ withdrawn }) => withdrawn === null);
    expect(await spread({ name, port }, 20)).toMatchObject({ [worker.pid]: 10 });
  });

  it('weight: its share of the connections, until it takes the configured one again', async () => {
    const { name, port } = await sandbox.start(script);
    const worker = await openConnection(port);
    const other = (await sandbox.workerPids(name)).find((pid) => pid !== worker.pid) ?? 0;
    for (const [value, expected] of [
      [3, { [worker.pid]: 30, [other]: 10 }],
      [0, { [other]: 40 }],
      [null, { [worker.pid]: 20, [other]: 20 }],
    ] as const) {
      await worker.get(`/say?lb=weight&value=${value}`);
      await waitForWorker(name, worker.pid, `weighs ${value}`, ({ weight }) => weight === (value ?? 1));
      expect(await spread({ name, port }, 40), `weight ${value}`).toEqual(expected);
    }
  });

  it('down: ejected, which lb health shows, with its exit code; ready: readmitted', async () => {
    const { name, port } = await sandbox.start(script, { instances: 3, flags: ['--ready-min', '3'] });
    expect((await sandbox.lb('health', name)).code).toBe(0);
    const worker = await openConnection(port);
    await worker.get('/say?lb=down&reason=no%20database');
    await waitForWorker(name, worker.pid, 'is ejected', ({ state }) => state === 'ejected');
    expect(await spread({ name, port }, 20)).not.toHaveProperty(String(worker.pid));
    const sick = await sandbox.lb('health', name);
    expect([sick.code, sick.stdout]).toEqual([1, expect.stringContaining('no database')]);

    await worker.get('/say?lb=ready');
    await waitForWorker(name, worker.pid, 'is ready', ({ state }) => state === 'ready');
    expect(await spread({ name, port }, 30)).toMatchObject({ [worker.pid]: 10 });
    expect((await sandbox.lb('health', name)).code).toBe(0);
  });
});

it('ready counts for wait_ready', async () => {
  const flags = ['--wait-ready', '--listen-timeout', '2s'];
  const silent = await sandbox.tryStart('self-report-on-request.cjs', { instances: 1, flags });
  expect([silent.result.code, silent.result.stderr]).toEqual([1, expect.stringContaining('within 2 s')]);
  const { port } = await sandbox.start('self-report-on-request.cjs', { instances: 1, flags, env: { SAY_READY: '1' } });
  expect((await getJson(port)).version).toBe('1');
});
