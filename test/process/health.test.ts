/** @module-tag light */
import { rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import type { AppSnapshot } from '../../src/protocol/snapshot.ts';
import { getJson, request } from '../helpers/http.ts';
import { startLoad } from '../helpers/load.ts';
import { fixture } from '../helpers/paths.ts';
import { freePort } from '../helpers/ports.ts';
import { createSandbox } from '../helpers/sandbox.ts';
import { expectLossless } from '../helpers/tally.ts';

const sandbox = await createSandbox();
const SICK = `${sandbox.directory}/sick-`;
const HEALTH = { path: '/healthz', interval: 200, timeout: 2000, fall: 3, rise: 2 };

const makeSick = (pid: number): void => writeFileSync(`${SICK}${pid}`, '');
const cure = (pid: number): void => rmSync(`${SICK}${pid}`);

interface Started {
  readonly name: string;
  readonly port: number;
  /** By slot. */
  readonly pids: readonly number[];
}

/** Starts an app of three workers from an ecosystem file. */
async function start(changes: object = {}, env: object = {}): Promise<Started> {
  const port = await freePort();
  const app = { name: 'api', script: fixture('health-file.cjs'), instances: 3, health: HEALTH, ...changes };
  const file = sandbox.writeApp('ecosystem.config.cjs', `module.exports = ${JSON.stringify({ apps: [{ ...app, env: { PORT: port, SICK, ...env } }] })};\n`);
  await sandbox.ok('start', file);
  return { name: app.name, port, pids: await sandbox.workerPids(app.name) };
}

const sorted = (pids: readonly number[]): number[] => [...pids].sort((a, b) => a - b);
const ejected = (app: AppSnapshot): number[] => sorted(app.workers.filter(({ state }) => state === 'ejected').map(({ pid }) => pid));

const waitForEjected = (name: string, pids: readonly number[]): Promise<AppSnapshot> =>
  sandbox.waitForApp(name, `have ejected ${pids.length === 0 ? 'nobody' : `pid ${pids.join(', ')}`}`, (now) => ejected(now).join() === sorted(pids).join());

/** The workers that serve new connections, each of which is served. */
async function serving(port: number): Promise<number[]> {
  const load = startLoad({ port, mode: 'connection-per-request', clients: 3 });
  await load.waitForServed(30);
  const tally = await load.stop();
  expectLossless(tally);
  return sorted(Object.keys(tally.pids).map(Number));
}

it('a worker whose check begins to fail gets no more connections, and gets them again once it passes', async () => {
  const { name, port, pids } = await start();
  const [first = 0, sick = 0, third = 0] = pids;
  const load = startLoad({ port, mode: 'connection-per-request' });
  await load.waitForServed(30);
  makeSick(sick);
  await waitForEjected(name, [sick]);
  expect(await serving(port)).toEqual(sorted([first, third]));
  cure(sick);
  await waitForEjected(name, []);
  expect(await serving(port)).toEqual(sorted(pids));
  expectLossless(await load.stop());
});

it('all of them ejected is as good as none: they go on serving', async () => {
  const { name, port, pids } = await start();
  const [first = 0, ...others] = pids;
  const load = startLoad({ port, mode: 'connection-per-request' });
  pids.forEach(makeSick);
  await waitForEjected(name, pids);
  expect(await serving(port)).toEqual(sorted(pids));
  others.forEach(cure);
  await waitForEjected(name, [first]);
  expect(await serving(port)).toEqual(sorted(others));
  expectLossless(await load.stop());
});

it('a sole worker stays, however sick', async () => {
  const { name, port, pids } = await start({ instances: 1 });
  pids.forEach(makeSick);
  await sandbox.waitFor('its checks to fail', async () => (await sandbox.lb('health', name)).stdout.includes('status 503 (3 in a row)'));
  expect(await sandbox.workerPids(name)).toEqual(pids);
  expect(await serving(port)).toEqual(pids);
});

it('checks an app that speaks TLS', async () => {
  const { name, port, pids } = await start({}, { TLS: fileURLToPath(new URL('../fixtures/tls', import.meta.url)) });
  const [sick = 0] = pids;
  makeSick(sick);
  await waitForEjected(name, [sick]);
  for (let i = 0; i < 10; i++) expect(await getJson(port, '/', { tls: true })).not.toMatchObject({ pid: sick });
  cure(sick);
  await waitForEjected(name, []);
});

it('checks an app that speaks no HTTP by connecting to it', async () => {
  const { pids } = await start({ script: fixture('plain-net.cjs'), health: true });
  expect(pids).toHaveLength(3);
});

it('a worker that stays ejected is replaced, the new one first', async () => {
  const { name, port, pids } = await start({ health: { ...HEALTH, replace_after: 500 } });
  const [sick = 0, ...others] = pids;
  const load = startLoad({ port, mode: 'connection-per-request' });
  makeSick(sick);
  await sandbox.waitForApp(name, `be online without pid ${sick}`, (now) => now.state === 'online' && !now.workers.some(({ pid }) => pid === sick));
  expect(await sandbox.workerPids(name)).toEqual([expect.any(Number), ...others]);
  await load.waitForServed(30);
  expectLossless(await load.stop());
  // It is no restart, and counted beside them.
  expect(await sandbox.snapshot(name)).toMatchObject({ restarts: 0, recycles: 1 });
  expect((await sandbox.ok('list')).stdout).toMatch(/ restarts {2}recycled /);
  expect((await sandbox.ok('show', name)).stdout).toMatch(/recycled +1 \(since the app was defined: 1 unhealthy\)/);
});

it('a new version that never passes its check fails the reload, and the old one keeps serving', async () => {
  const { name, port, pids } = await start({ script: sandbox.deploy('server.cjs', 'health-file.cjs', 'old'), listen_timeout: 2000 });
  const load = startLoad({ port, mode: 'connection-per-request' });
  sandbox.deploy('server.cjs', 'health-file.cjs', 'new', { SICK_FROM_START: '1' });
  const result = await sandbox.lb('reload', name, '--monitor', '100');
  expect(result.code, String(result)).toBe(1);
  expect(result.stderr).toContain('status 503');
  expect(await sandbox.workerPids(name)).toEqual(pids);
  await load.waitForServed(30);
  const tally = await load.stop();
  expectLossless(tally);
  expect(Object.keys(tally.versions)).toEqual(['old']);
});

it('a worker that answers with errors while its peers do not is ejected for a time, without any check', async () => {
  const { name, port, pids } = await start({ health: false });
  const [sick = 0, ...others] = pids;
  makeSick(sick);
  await sandbox.waitFor(`pid ${sick} to be ejected`, async () => {
    await Promise.all(Array.from({ length: 12 }, () => request('/fails', { port })));
    return ejected(await sandbox.snapshot(name)).join() === String(sick);
  });
  expect(await serving(port)).toEqual(sorted(others));
});

it('checks are no traffic: their answers count as checks alone', async () => {
  const { name, port, pids } = await start({ instances: 1 });
  pids.forEach(makeSick);
  await getJson(port);
  const app = await sandbox.waitForApp(
    name,
    'have failed five checks',
    ({ health, totals }) => (health[0]?.checks.failed ?? 0) >= 5 && totals.answers[1] === 1,
  );
  const { totals, workers } = await sandbox.waitForApp(
    name,
    'have sent another heartbeat',
    (now) => now.uptimeMs !== null && now.uptimeMs > (app.uptimeMs ?? 0) + 1_200,
  );
  expect([totals.answers, totals.latency.reduce((sum, n) => sum + n, 0), totals.accepted, app.errorRate]).toEqual([[0, 1, 0, 0, 0], 1, 1, 0]);
  expect(workers).toMatchObject([{ accepted: 1 }]);
  expect((await sandbox.lb('health', name)).stdout).toMatch(/\d+ ok, \d+ failed +status 503/);
});

it('checks of an app that clusters itself are no traffic either', async () => {
  const { name } = await start({ script: fixture('clusters-itself.cjs'), instances: undefined, exec_mode: 'fork', health: { path: '/', interval: 100 } });
  const { totals } = await sandbox.waitForApp(
    name,
    'have been checked',
    ({ health, uptimeMs }) => (health[0]?.checks.passed ?? 0) >= 10 && (uptimeMs ?? 0) > 3_000,
  );
  expect([totals.answers, totals.accepted]).toEqual([[0, 0, 0, 0, 0], 0]);
});

it('checks ask with the host and headers of the definition, whose values nobody sees, and name a redirect to another place', async () => {
  const health = { path: '/', host: 'shop.example', headers: { 'X-Secret': 'hunter2' }, interval: 200 };
  const { name } = await start({ script: fixture('needs-host.cjs'), instances: 1, health });
  const [show, json] = [await sandbox.ok('show', name), await sandbox.ok('show', name, '--json')];
  expect(show.stdout).toContain('/ (host shop.example, headers X-Secret (values hidden)) every 200ms');
  expect(show.stdout + json.stdout).not.toContain('hunter2');
  const redirecting = await start(
    { name: 'redirects', script: fixture('needs-host.cjs'), instances: 1, health: { path: '/', interval: 200 } },
    { REDIRECT: '1' },
  );
  const report = await sandbox.ok('health', redirecting.name);
  expect(report.stdout).toContain(', redirects to https://localhost/');
});
