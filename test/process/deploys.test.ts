/** @module-tag light */
import { mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import type { AppSnapshot } from '../../src/protocol/snapshot.ts';
import type { LbEvent } from '../../src/protocol/event.ts';
import { badVersions, DEPLOYS, type BadVersion, type Deploy } from '../helpers/deploys.ts';
import { getJson, request } from '../helpers/http.ts';
import { startLoad, type Load } from '../helpers/load.ts';
import { freePort } from '../helpers/ports.ts';
import { createSandbox, type StartedApp } from '../helpers/sandbox.ts';
import { describeTally, lost, type Tally } from '../helpers/tally.ts';

const sandbox = await createSandbox();
const WORKERS = 2;
/** A new connection for each request, about 100 a second. */
const startTraffic = (port: number): Load => startLoad({ port, mode: 'connection-per-request', clients: 8, thinkMs: 70 });

/** Puts a version where the app's script is. */
type Put = (fixture: string, version: string, env?: Readonly<Record<string, string>>) => string;

/** Each deploy has a directory of its own. `current` is a link that leads to the newest one. */
function putter(app: string, deploy: Deploy): Put {
  if (deploy === 'in place') return (fixture, version, env) => sandbox.deploy(`${app}/server.cjs`, fixture, version, env);
  return (fixture, version, env) => {
    const release = dirname(sandbox.deploy(`${app}/releases/${version}/server.cjs`, fixture, version, env));
    const current = join(dirname(dirname(release)), 'current');
    mkdirSync(dirname(current), { recursive: true });
    // As `ln -sfn` does not do it, without a moment in which there is no link.
    symlinkSync(release, `${current}.new`);
    renameSync(`${current}.new`, current);
    return join(current, 'server.cjs');
  };
}

async function starts(app: string, generation: number): Promise<number> {
  const { events } = (await sandbox.control('GET', `/v1/events?app=${app}&limit=500`)).json<{ events: readonly LbEvent[] }>();
  return events.filter((event) => event.kind === 'start' && event.details.generation === generation).length;
}

/** The versions that answer new connections. */
async function answering(port: number, requests = 30): Promise<readonly string[]> {
  const versions = new Set<string>();
  for (let i = 0; i < requests; i++) versions.add((await getJson<{ version: string }>(port)).version);
  return [...versions].sort();
}

async function startOld(name: string, put: Put, flags: readonly string[] = []): Promise<StartedApp> {
  const all = ['--kill-timeout', '700', '--listen-timeout', '4000', '--max-memory-restart', '250M', ...flags];
  return sandbox.start(put('plain-http.cjs', 'old'), { name, instances: WORKERS, flags: all });
}

function expectLoss(tally: Tally, { loses }: BadVersion, what: string): void {
  const allowed = loses.reduce((sum, kind) => sum + tally[kind], 0);
  expect(lost(tally) - allowed, `${what}: ${describeTally(tally)}`).toBe(0);
  expect(tally.served, what).toBeGreaterThan(10);
}

const expectServing: Record<BadVersion['outcomes'][Deploy]['serves'], (app: StartedApp, load: Load) => Promise<unknown>> = {
  old: async ({ name, port }) => {
    await sandbox.waitForOnline(name);
    expect(await answering(port)).toEqual(['old']);
  },
  new: async ({ port }) => expect(await answering(port)).toEqual(['new']),
  mixed: async (_, load) => {
    const before = { ...load.tally().versions };
    await sandbox.waitFor('both versions to answer', () => ['old', 'new'].every((one) => (load.tally().versions[one] ?? 0) > (before[one] ?? 0)));
  },
  crashing: async ({ name }, load) => {
    const before = { ...load.tally().versions };
    await sandbox.waitForApp(name, 'crash in every slot, twice', ({ workers }) => workers.every(({ restarts }) => restarts >= 2));
    const { versions } = load.tally();
    expect(versions['old'], 'answers of the old version').toBe(before['old']);
    expect(versions['new']).toBeGreaterThan(before['new'] ?? 0);
  },
  recycled: async ({ name, port }) => {
    expect(await answering(port)).toEqual(['new']);
    await sandbox.waitForApp(name, 'be recycled', ({ totals }) => (totals.exits.memory ?? 0) > 0);
  },
};

/** Everything that names the generations after a deploy in place that failed halfway. */
async function expectTold({ name }: StartedApp, health: number, stderr: string): Promise<void> {
  const told =
    /slots? 0[\d, and]* runs? generation 2; slots? [\d, and]+ runs? generation 1, whose files have changed on disk since: it cannot be started again/;
  expect(stderr).toMatch(told);
  for (const command of ['list', 'show']) expect((await sandbox.ok(command, ...(command === 'show' ? [name] : []))).stdout).toMatch(told);
  const { generations } = JSON.parse((await request('/ready', { port: health })).body) as Pick<AppSnapshot, 'generations'>;
  expect(generations.map(({ generation, files }) => [generation, files])).toEqual([
    [2, 'same'],
    [1, 'changed'],
  ]);
}

it.each(badVersions(0).map(({ title }, row) => ({ title, row })))('S32: a new version that $title', async ({ row }) => {
  await Promise.all(
    DEPLOYS.map(async (deploy) => {
      const bad = badVersions(await freePort())[row];
      if (bad === undefined) throw new Error(`no row ${row}`);
      const what = `${bad.title}, ${deploy}`;
      const name = `${deploy.replace(' ', '-')}-${row}`;
      const put = putter(name, deploy);
      const health = await freePort();
      const app = await startOld(name, put, ['--health-port', `127.0.0.1:${health}`]);
      const load = startTraffic(app.port);
      await load.waitForServed(20);
      const script = put(bad.fixture, 'new', bad.env);
      const reload = sandbox.lbBackground('reload', name, '--monitor', bad.throwsAfter === 'canary' ? '1s' : '300ms');
      if (bad.throwsAfter === 'canary') {
        await sandbox.waitForApp(name, 'begin with its second slot', ({ workers }) => workers.some(({ slot, generation }) => slot === 1 && generation === 2));
        writeFileSync(`${script}.crash`, '');
      }
      const result = await reload.ended;
      if (bad.throwsAfter === 'reload') writeFileSync(`${script}.crash`, '');
      const { exitCode, serves } = bad.outcomes[deploy];
      expect(result.code, `${what}: ${String(result)}`).toBe(exitCode);
      expect(result.stdout + result.stderr).toMatch(bad.says);
      await expectServing[serves](app, load);
      if (serves === 'mixed') await expectTold(app, health, result.stderr);
      expectLoss(await load.stop(), bad, what);
      if (bad.stopsAtCanary) expect(await starts(name, 2), what).toBe(1);
    }),
  );
});

it('S32: a version that answers 500 does not get past the canary if all clients keep their connections', async () => {
  const put = putter('kept', 'in place');
  const { name, port } = await startOld('kept', put);
  const load = startLoad({ port, mode: 'think', clients: 16, thinkMs: 800 });
  await load.waitForServed(60);
  put('answers-5xx.cjs', 'new');
  const result = await sandbox.lb('reload', name);
  expect(result.code, String(result)).toBe(1);
  expect(result.stderr).toMatch(/answered (\d+) of \1 requests with 5xx, its peers 0 of \d+/);
  expect(await starts(name, 2)).toBe(1);
  const tally = await load.stop();
  expect(lost(tally), describeTally(tally)).toBe(tally.wrong);
});

it('a plain app is compared with its predecessor, by all cluster workers that it forked', async () => {
  const put = putter('clusters', 'in place');
  const { name, port } = await sandbox.start(put('clusters-itself.cjs', 'old'), { name: 'clusters', instances: null, flags: ['--kill-timeout', '700'] });
  const load = startTraffic(port);
  await load.waitForServed(20);
  put('clusters-itself.cjs', 'new', { STATUS: '503' });
  const result = await sandbox.lb('reload', name, '--monitor', '500ms');
  expect(result.code, String(result)).toBe(1);
  expect(result.stderr).toMatch(/worker 0 of generation 2 answered (\d+) of \1 requests with 5xx, its peers 0 of \d+/);
  expect(await answering(port)).toEqual(['old']);
  const tally = await load.stop();
  expect(lost(tally), describeTally(tally)).toBe(tally.wrong);
});

it('release folders: after a failed reload a crash brings the old version, and the next good one is deployed', async () => {
  const put = putter('again', 'release folder');
  const { name, port } = await startOld('again', put);
  put('crash-at-boot.cjs', 'bad');
  expect((await sandbox.lb('reload', name, '--monitor', '100ms')).code).toBe(1);
  const [pid = 0] = await sandbox.workerPids(name);
  process.kill(pid, 'SIGKILL');
  await sandbox.waitForApp(name, 'have replaced it', ({ workers, ready }) => ready === WORKERS && workers.every((worker) => worker.pid !== pid));
  expect(await answering(port)).toEqual(['old']);
  put('plain-http.cjs', 'repaired');
  await sandbox.ok('reload', name, '--monitor', '100ms');
  expect(await answering(port)).toEqual(['repaired']);
});
