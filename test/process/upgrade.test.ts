import { chmodSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { DaemonHello } from '../../src/protocol/control.ts';
import { createPackages, Installation } from '../helpers/installation.ts';
import { startLoad, type Load } from '../helpers/load.ts';
import { fixture } from '../helpers/paths.ts';
import { freePort } from '../helpers/ports.ts';
import type { LbResult } from '../helpers/run-lb.ts';
import { Sandbox } from '../helpers/sandbox.ts';
import { expectLossless } from '../helpers/tally.ts';

/** `LB_UPGRADES=10 npx vitest run test/process/upgrade.test.ts` is the measure. */
const UPGRADES = Number(process.env['LB_UPGRADES'] ?? 2);

const sandbox = new Sandbox();
afterAll(() => sandbox.dispose());
afterEach(({ task }) => {
  if (task.result?.state === 'fail') console.error(`${task.name}\n${sandbox.report()}`);
});
const packages = createPackages();
const global = new Installation(join(sandbox.directory, 'global'));
const other = new Installation(join(sandbox.directory, 'other'));

const lb = (...args: string[]): Promise<LbResult> => sandbox.lbWith({ program: global.program }, ...args);
const hello = async (): Promise<DaemonHello> => (await sandbox.control('GET', '/v1/hello')).json<DaemonHello>();

async function ok(...args: string[]): Promise<LbResult> {
  const result = await lb(...args);
  if (result.code !== 0) throw new Error(`expected success: ${result.toString()}\n${sandbox.report()}`);
  return result;
}

/** Has no entry in the user database. */
const OTHER_USER = 47_141;

const APPS = ['api', 'direct', 'plain', 'socket', 'bot'];
const journal = join(sandbox.directory, 'journal');
const ports = { api: 0, direct: 0, plain: 0, socket: join(sandbox.directory, 'app.sock') };

async function start(name: string, port: number, ...flags: string[]): Promise<void> {
  const env = { PORT: String(port), SOCKET: ports.socket, JOURNAL: journal };
  const result = await sandbox.lbWith({ program: global.program, env }, 'start', ...flags, '-n', name);
  if (result.code !== 0) throw new Error(`expected ${name} to start: ${result.toString()}`);
}

/** Clients that never retry, of every kind of app. */
const startLoads = (): Load[] => [
  startLoad({ port: ports.api, mode: 'connection-per-request', clients: 3 }),
  startLoad({ port: ports.api, mode: 'keep-alive', clients: 2 }),
  startLoad({ port: ports.api, mode: 'think', thinkMs: 200, clients: 2 }),
  startLoad({ port: ports.direct, mode: 'connection-per-request', clients: 2 }),
  startLoad({ port: ports.plain, mode: 'connection-per-request', clients: 2 }),
  startLoad({ socketPath: ports.socket, mode: 'connection-per-request', clients: 2 }),
];

/** @returns how many requests each of them has served. */
async function stopLoads(loads: readonly Load[], what: string): Promise<number[]> {
  await Promise.all(loads.map((load) => load.waitForServed(20)));
  const tallies = await Promise.all(loads.map((load) => load.stop()));
  for (const tally of tallies) expectLossless(tally, what);
  return tallies.map(({ served }) => served);
}

const sum = (numbers: readonly number[]): number => numbers.reduce((all, each) => all + each, 0);
/** What `lb` counted for an app. */
const answersOf = async (app: string): Promise<number> => sum((await sandbox.snapshot(app)).totals.answers);

/** Those that serve. */
async function startServers(): Promise<void> {
  ports.api = await freePort();
  ports.direct = await freePort();
  ports.plain = await freePort();
  const server = fixture('plain-http.cjs');
  // The first one starts the daemon.
  await start('api', ports.api, server, '-i', '2');
  await Promise.all([
    start('direct', ports.direct, server, '-i', '2', '--balance', 'direct'),
    start('plain', ports.plain, server),
    start('socket', 0, fixture('unix-socket.cjs'), '-i', '2'),
  ]);
}

beforeAll(async () => {
  global.install(packages.current);
  currentId = idOf(global);
  await startServers();
  await Promise.all([start('bot', 0, fixture('bot.cjs')), start('other', await freePort(), fixture('plain-http.cjs'))]);
});

/** The ids of the builds that run: that of the daemon, then those of the primaries. */
async function running(): Promise<string[]> {
  const programs = (await sandbox.apps()).flatMap(({ program, primaryPid }) => (primaryPid === null ? [] : [program ?? 'unknown']));
  return [...new Set([(await hello()).program ?? 'unknown', ...programs])];
}

const primaries = async (): Promise<number[]> => (await sandbox.apps()).flatMap(({ primaryPid }) => primaryPid ?? []);
const idOf = ({ dist }: Installation): string => (JSON.parse(readFileSync(join(dist, 'program.json'), 'utf8')) as { id: string }).id;
let currentId = '';
const versionOf = (id: string): string => id.replace(/-[0-9a-f]+$/, '');

/** Under the load of every kind of client. @returns what `lb upgrade` printed */
async function upgradeUnderLoad(to: string, ...flags: string[]): Promise<string> {
  const counted = await answersOf('api');
  const loads = startLoads();
  await Promise.all(loads.map((load) => load.waitForServed(20)));
  const before = await primaries();
  const { stdout } = await ok('upgrade', ...flags);
  expect(await running()).toEqual([to]);
  expect((await primaries()).filter((pid) => before.includes(pid))).toEqual([]);
  const served = sum((await stopLoads(loads, `upgrade to ${to}`)).slice(0, 3));
  // The primary that left has told what its last workers answered.
  await sandbox.waitFor('all requests to be counted', async () => (await answersOf('api')) === counted + served, { context: () => `${counted} and ${served}` });
  for (const { name, primaryPid } of await sandbox.apps()) if (primaryPid !== null) expect((await sandbox.waitForOnline(name)).socketsKept, name).toBe(true);
  return stdout;
}

it('an installation that is overwritten, and then deleted, while workers crash: what runs stays what it was', async () => {
  for (const change of [() => global.install(packages.next), () => global.remove()]) {
    change();
    for (const app of APPS) {
      const before = await sandbox.workerPids(app);
      for (const pid of before) process.kill(pid, 'SIGKILL');
      await sandbox.waitForApp(
        app,
        'have other workers',
        ({ ready, instances, workers }) => ready === instances && workers.every(({ pid }) => !before.includes(pid)),
      );
    }
  }
  // The copies too, even with their folder.
  rmSync(join(sandbox.home, 'programs'), { recursive: true });
  const [worker = 0] = await sandbox.workerPids('api');
  process.kill(worker, 'SIGKILL');
  await sandbox.waitForApp('api', 'replace its worker', ({ ready, workers }) => ready === 2 && workers.every(({ pid }) => pid !== worker));
  const daemon = await sandbox.daemonPid();
  process.kill(daemon, 'SIGKILL');
  await sandbox.waitFor('the next daemon', async () => (await sandbox.daemonPid()) !== daemon);
  for (const app of APPS) await sandbox.waitForOnline(app);
  expect(await running()).toEqual([currentId]);
  expect(readdirSync(join(sandbox.home, 'programs'))).toEqual([currentId]);
  expect((await sandbox.lb('events', 'api')).stdout).toMatch(/files of its program were missing/);
});

it('one protocol apart: what only reads works, and so does a stop; the rest says what to do', async () => {
  global.install(packages.next);
  const list = await ok('list');
  expect(list.stdout).toContain('api');
  expect(list.stderr.replaceAll(/\s+/g, ' ')).toContain(`the daemon runs lb ${versionOf(currentId)}, this is lb 99.0.0: "lb upgrade" replaces it`);
  await ok('show', 'api');
  await ok('events');
  const reload = await lb('reload', 'api');
  expect(reload.code).toBe(4);
  expect(reload.stderr).toContain('"lb upgrade"');
  await ok('stop', 'other');
});

it('S19: upgrades under load, and the way back: no request of clients that never retry fails', async () => {
  const nextId = idOf(global);
  for (let round = 1; round <= UPGRADES; round++) {
    const isBack = round % 2 === 0;
    const told = await upgradeUnderLoad(isBack ? currentId : nextId, ...(isBack ? ['--back'] : []));
    expect(told).toContain(isBack ? 'from lb 99.0.0' : 'to lb 99.0.0');
  }
  // An app that must not run twice had a gap, and said so.
  expect(readFileSync(journal, 'utf8')).not.toContain('meets');
  expect((await sandbox.lb('events', 'bot')).stdout).toContain('end before the new ones start');
});

it.each([
  ['does not start', () => 'process.exit(3);', 'ended with exit code 3'],
  ['starts and answers nothing', () => 'setInterval(() => {}, 1000);', 'did not take over within'],
  ['crashes after it has saved', (whole: string) => `${whole}\nsetTimeout(() => process.exit(7), 900);`, 'ended with exit code 7'],
])('a version that %s leaves the one before running, and the reason is told', async (what, broken, reason) => {
  other.install(packages.next);
  other.breakDaemon(broken, `99.0.1-${what.length.toString(16).padStart(12, '0')}`);
  const load = startLoad({ port: ports.api, mode: 'connection-per-request', clients: 2 });
  const { code, stderr } = await sandbox.lbWith({ program: other.program, timeoutMs: 60_000 }, 'upgrade');
  expect(code).toBe(1);
  expect(stderr.replaceAll(/\s+/g, ' ')).toContain('the upgrade to lb 99.0.1 failed: the new daemon');
  expect(stderr.replaceAll(/\s+/g, ' ')).toContain(reason);
  await sandbox.waitFor('the version before', async () => (await hello()).program === currentId);
  expect((await sandbox.lb('events')).stdout).toContain(reason);
  await sandbox.waitForOnline('api');
  expectLossless(await load.stop(), what);
});

it('SIGHUP brings everything to the version that is installed by then, and lb upgrade back to one version', async () => {
  global.install(packages.next);
  const nextId = idOf(global);
  process.kill(await sandbox.daemonPid(), 'SIGHUP');
  await sandbox.waitFor('the next version', async () => (await running()).join() === nextId, { deadlineMs: 30_000 });
  global.install(packages.current);
  await ok('upgrade');
  expect(await running()).toEqual([currentId]);
  expect((await ok('upgrade')).stdout).toContain('nothing to upgrade');
  expect((await ok('list')).stderr).toBe('');
});

it('S19: the upgrade from an older version under load: no request fails', async () => {
  await ok('kill');
  rmSync(sandbox.home, { recursive: true });
  global.install(packages.older);
  await startServers();
  global.install(packages.current);
  expect(await upgradeUnderLoad(currentId)).toContain('upgraded from lb 0.0.9 to lb');
});

it('the primary of an app of another user is replaced too, and stays one of that user, also on the way back', { tags: ['root'] }, async () => {
  chmodSync(sandbox.directory, 0o755);
  const port = await freePort();
  await start('theirs', port, fixture('plain-http.cjs'), '-i', '2', '--uid', String(OTHER_USER));
  for (const [install, flag] of [
    [() => global.install(packages.next), []],
    [() => {}, ['--back']],
  ] as const) {
    const [from] = await running();
    const load = startLoad({ port, mode: 'connection-per-request', clients: 2 });
    await load.waitForServed(20);
    const before = await sandbox.primaryPid('theirs');
    install();
    await ok('upgrade', ...flag);
    const [to, ...others] = await running();
    expect([to === from, others]).toEqual([false, []]);
    const after = await sandbox.waitForApp('theirs', 'have its sockets kept', (now) => now.socketsKept && now.ready === 2);
    expect([after.primaryPid === before, statSync(`/proc/${after.primaryPid}`).uid]).toEqual([false, OTHER_USER]);
    await load.waitForServed(20);
    expectLossless(await load.stop(), `upgrade ${flag.join('')}`);
    for (const pid of await sandbox.workerPids('theirs')) expect(statSync(`/proc/${pid}`).uid).toBe(OTHER_USER);
  }
});
