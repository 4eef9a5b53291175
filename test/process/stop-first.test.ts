/** @module-tag light */
import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { getJson } from '../helpers/http.ts';
import { startLoad } from '../helpers/load.ts';
import { childrenOf, isAlive } from '../helpers/processes.ts';
import { createSandbox, type StartOptions } from '../helpers/sandbox.ts';
import { expectLossless } from '../helpers/tally.ts';

const sandbox = await createSandbox();
/** A start waits so long for an app that has a PORT to listen. */
const SOON = ['--min-uptime', '200', '--listen-timeout', '1s'];

/** Asks by UDP, again until somebody answers. */
function askByUdp(port: number): Promise<number> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    const send = (): void => socket.send('?', port, '127.0.0.1');
    // A refused datagram is reported too.
    socket.on('error', () => {});
    const again = setInterval(send, 30);
    socket.once('message', (answer) => {
      clearInterval(again);
      socket.close();
      resolve(Number(String(answer)));
    });
    send();
  });
}

const pidOf = async (port: number): Promise<number> => (await getJson(port)).pid;

async function onlyWorker(app: string): Promise<number> {
  const [pid] = await sandbox.workerPids(app);
  if (pid === undefined) throw new Error(`${app} has no worker`);
  return pid;
}

let journals = 0;

/** A bot with its journal. */
async function startBot(options: StartOptions = {}): Promise<{ readonly name: string; readonly output: string; readonly journal: () => string[] }> {
  const file = join(sandbox.directory, `journal-${++journals}`);
  const { name, result } = await sandbox.start('bot.cjs', {
    instances: null,
    ...options,
    flags: [...SOON, ...(options.flags ?? [])],
    env: { JOURNAL: file, ...options.env },
  });
  return { name, output: result.stdout, journal: () => readFileSync(file, 'utf8').trim().split('\n') };
}

/** Until the app runs with another worker than this one. */
const replaced = (app: string, pid: number): Promise<unknown> =>
  sandbox.waitForApp(app, 'have a new worker', ({ state, workers }) => state === 'online' && workers.every((worker) => worker.pid !== pid));

it.each([
  ['a plain one', null],
  ['an exclusive one of a cluster worker', 1],
])('a UDP socket that only one process can have, %s: the old process ends before the new one binds', async (_, instances) => {
  const { name, port, result } = await sandbox.start('udp-beside-http.cjs', { instances });
  expect(result.stdout).toContain(`it is replaced stop-first, because it opened udp 127.0.0.1:${port} by itself (overlap: true runs old and new side by side)`);
  const load = startLoad({ port, mode: 'connection-per-request', clients: 2 });
  let before = await askByUdp(port);
  for (let round = 0; round < 2; round++) {
    await sandbox.ok('reload', name, '--monitor', '100');
    const after = await askByUdp(port);
    expect([after === before, isAlive(before), await pidOf(port)]).toEqual([false, false, after]);
    before = after;
  }
  // Connections wait while no process is there.
  expectLossless(await load.stop(), 'HTTP beside UDP');
  const shown = await sandbox.ok('show', name);
  expect(shown.stdout).toMatch(/replaced +stop-first, because it opened udp/);
});

it('an app with nothing but UDP reloads', async () => {
  const { name, port, result } = await sandbox.start('udp-echo.cjs', { instances: null, flags: ['--min-uptime', '200'] });
  expect(result.stdout).toContain(`online with 1 worker, listening on udp 127.0.0.1:${port}; it is replaced stop-first`);
  const before = await askByUdp(port);
  await sandbox.ok('reload', name, '--monitor', '100');
  expect(await askByUdp(port)).not.toBe(before);
});

it('a command that spawns its server: the server ends before the next one starts, even if the command is killed', async () => {
  const { name, port } = await sandbox.start('wrapper.cjs', { instances: null, flags: SOON });
  const serves = (): Promise<number> => sandbox.waitFor('the server to answer', () => pidOf(port));
  const first = await serves();
  await sandbox.waitForApp(name, 'be seen listening', ({ replacement }) => replacement?.ownSockets[0] === `tcp *:${port}`);
  await sandbox.ok('reload', name, '--monitor', '100');
  const second = await serves();
  expect([second === first, isAlive(first)]).toEqual([false, false]);
  const command = await onlyWorker(name);
  await sandbox.waitFor('its child to be known', () => childrenOf(command).length > 0);
  await sandbox.waitForApp(name, 'be seen again', ({ replacement }) => replacement?.ownSockets[0] === `tcp *:${port}`);
  process.kill(command, 'SIGKILL');
  await replaced(name, command);
  const third = await serves();
  expect([third === second, isAlive(second)]).toEqual([false, false]);
});

it('S31: an app that never listens does not run twice, in reloads and whatever is killed', async () => {
  const { name, output, journal } = await startBot();
  expect(output).toMatch(/not listening.*; it is replaced stop-first, because it never listened \(overlap: true runs old and new side by side\)/);
  for (let round = 0; round < 5; round++) await sandbox.ok('reload', name, '--monitor', '50');
  let pid = await onlyWorker(name);
  process.kill(pid, 'SIGKILL');
  await replaced(name, pid);
  pid = await onlyWorker(name);
  process.kill(await sandbox.primaryPid(name), 'SIGKILL');
  await replaced(name, pid);
  pid = await onlyWorker(name);
  const daemon = await sandbox.daemonPid();
  process.kill(daemon, 'SIGKILL');
  await sandbox.waitFor('a new daemon', async () => (await sandbox.daemonPid()) !== daemon);
  await sandbox.waitForOnline(name);
  expect(await onlyWorker(name)).toBe(pid);
  const primary = await sandbox.primaryPid(name);
  process.kill(await sandbox.daemonPid(), 'SIGKILL');
  process.kill(primary, 'SIGKILL');
  await replaced(name, pid);
  // The first one, five reloads, three deaths; the killed worker did not end by itself.
  const lines = journal();
  expect(lines.filter((line) => line.includes('meets'))).toEqual([]);
  expect([lines.filter((line) => line.endsWith('starts')).length, lines.filter((line) => line.endsWith('ends')).length]).toEqual([9, 7]);
});

it('S31: an orphan does not wait for idle connections, because the next one waits for it', async () => {
  const { name, port } = await sandbox.start('udp-beside-http.cjs', { instances: null });
  const agent = new Agent({ keepAlive: true });
  onTestFinished(() => agent.destroy());
  const { pid } = await getJson(port, '/', { agent });
  const killedAt = performance.now();
  process.kill(await sandbox.primaryPid(name), 'SIGKILL');
  await replaced(name, pid);
  // drain_idle is 10 s.
  expect(performance.now() - killedAt).toBeLessThan(7_000);
});

it('S31: an orphan that does not react is killed after kill_timeout, and only then the next one starts', async () => {
  const { name, journal } = await startBot({ flags: ['--kill-timeout', '1s'] });
  const pid = await onlyWorker(name);
  process.kill(pid, 'SIGSTOP');
  const killedAt = performance.now();
  process.kill(await sandbox.primaryPid(name), 'SIGKILL');
  await replaced(name, pid);
  expect(isAlive(pid)).toBe(false);
  expect(performance.now() - killedAt).toBeGreaterThan(1_000);
  expect(journal().filter((line) => line.includes('meets'))).toEqual([]);
});

it('overlap: true lets an app that never listens run twice, and one that listens needs no option', async () => {
  const bot = await startBot({ flags: ['--overlap'] });
  await sandbox.ok('reload', bot.name, '--monitor', '50');
  expect(bot.journal().filter((line) => line.includes('meets'))).toHaveLength(1);
  const { name, port } = await sandbox.start('plain-http.cjs', { instances: null });
  expect(await sandbox.snapshot(name)).toMatchObject({ replacement: { way: 'start-first', listened: true, ownSockets: [] } });
  const load = startLoad({ port, mode: 'keep-alive', clients: 2 });
  // A fresh primary knows it too, before its worker listens.
  const before = await sandbox.primaryPid(name);
  process.kill(before, 'SIGKILL');
  await sandbox.waitForApp(name, 'have a new primary', ({ primaryPid, state }) => primaryPid !== before && state === 'online');
  expect(await sandbox.snapshot(name)).toMatchObject({ replacement: { way: 'start-first', listened: true } });
  await sandbox.ok('reload', name, '--monitor', '50');
  expect((await load.stop()).hung).toBe(0);
});

it('a new version that fails is rolled back; in place, the message says that the slot is down', async () => {
  const { name, journal } = await startBot();
  sandbox.writeApp('broken.cjs', 'throw new Error("no token");');
  const { cwd } = (await sandbox.snapshot(name)).spec;
  const config = sandbox.writeApp('lb.config.json', JSON.stringify({ apps: [{ name, script: join(sandbox.directory, 'apps', 'broken.cjs'), cwd }] }));
  const changed = await sandbox.lb('reload', config, '--monitor', '50');
  expect([changed.code, changed.stderr]).toEqual([1, expect.stringContaining('no token')]);
  await sandbox.waitForOnline(name);
  expect(journal().filter((line) => line.endsWith('starts'))).toHaveLength(2);

  const inPlace = sandbox.writeApp('deployed.cjs', 'setInterval(() => {}, 1000);');
  await sandbox.start(inPlace, { name: 'deployed', instances: null, flags: SOON });
  sandbox.writeApp('deployed.cjs', 'throw new Error("no token");');
  const failed = await sandbox.lb('reload', 'deployed', '--monitor', '50');
  expect([failed.code, failed.stderr]).toEqual([1, expect.stringContaining('slot 0 has no worker until a restart of it succeeds')]);
  sandbox.writeApp('deployed.cjs', 'setInterval(() => {}, 1000);');
  await sandbox.waitForOnline('deployed');
});
