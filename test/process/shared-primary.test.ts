/** @module-tag light */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { startLoad, type Load } from '../helpers/load.ts';
import { createSandbox, type StartedApp } from '../helpers/sandbox.ts';
import { expectLossless, expectOnlyResets } from '../helpers/tally.ts';

const sandbox = await createSandbox();
const CLIENTS = 2;

const startSmall = (script = 'plain-http.cjs', env: Readonly<Record<string, string>> = {}): Promise<StartedApp> =>
  sandbox.start(script, { instances: null, env, flags: ['--min-uptime', '200', '--listen-timeout', '1s'] });

async function sharedPrimary(apps: readonly StartedApp[]): Promise<number> {
  const pids = await Promise.all(apps.map(({ name }) => sandbox.primaryPid(name)));
  expect(new Set(pids).size).toBe(1);
  return pids[0] ?? 0;
}

it('S45: kill -9 of a primary that apps share: none is refused a connection, a bot does not run twice, and the others do not wait for it', async () => {
  const journal = join(sandbox.directory, 'journal');
  const apps = [await startSmall(), await startSmall()];
  const bot = await startSmall('bot.cjs', { JOURNAL: journal, STOP_MS: '5000' });
  const primary = await sharedPrimary([...apps, bot]);
  const lines = (): readonly string[] => readFileSync(journal, 'utf8').trim().split('\n');
  const loads = apps.map(({ port }): readonly [Load, Load] => [
    startLoad({ port, mode: 'connection-per-request', clients: CLIENTS }),
    startLoad({ port, mode: 'keep-alive', clients: CLIENTS }),
  ]);
  await Promise.all(loads.flat().map((load) => load.waitForServed(20)));
  for (const { name } of apps) await sandbox.waitForApp(name, 'have its sockets kept', (now) => now.socketsKept);
  process.kill(primary, 'SIGKILL');
  const isServedAnew = ({ state, primaryPid, ready }: { state: string; primaryPid: number | null; ready: number }): boolean =>
    state === 'online' && ready === 1 && primaryPid !== primary;
  for (const { name } of apps) await sandbox.waitForApp(name, 'be served by the next primary', isServedAnew);
  expect(lines().map((line) => line.replace(/^\d+ /, ''))).toEqual(['starts']);
  await sandbox.waitForApp(bot.name, 'run in the next primary', isServedAnew);
  expect(lines().map((line) => line.replace(/^\d+ /, ''))).toEqual(['starts', 'ends', 'starts']);
  await sharedPrimary([...apps, bot]);
  for (const [each, kept] of loads) {
    expectOnlyResets(await each.stop(), CLIENTS, 'connection per request');
    expectLossless(await kept.stop(), 'keep-alive');
  }
});

it('S45: an app that crashes, floods its log or is reloaded costs the apps that share its primary nothing; one that ends leaves them alone', async () => {
  const quiet = await startSmall();
  const crashing = await startSmall();
  const flooding = sandbox.writeApp('floods.cjs', "const line = 'x'.repeat(200); setInterval(() => { for (let n = 0; n < 500; n++) console.log(line); }, 20);");
  const loud = await startSmall(flooding);
  const primary = await sharedPrimary([quiet, crashing, loud]);
  const loads = [
    startLoad({ port: quiet.port, mode: 'connection-per-request', clients: CLIENTS }),
    startLoad({ port: quiet.port, mode: 'keep-alive', clients: CLIENTS }),
  ];
  const { pid } = (await sandbox.snapshot(quiet.name)).workers[0] ?? {};
  for (let round = 1; round <= 3; round++) {
    const [victim = 0] = await sandbox.workerPids(crashing.name);
    process.kill(victim, 'SIGKILL');
    await sandbox.waitForApp(crashing.name, 'be restarted', ({ restarts, state }) => restarts === round && state === 'online');
    await sandbox.ok('restart', loud.name);
    await Promise.all(loads.map((load) => load.waitForServed(50)));
  }
  await sandbox.ok('delete', loud.name);
  await sandbox.ok('stop', crashing.name);
  await sandbox.ok('start', crashing.name);
  await Promise.all(loads.map((load) => load.waitForServed(50)));
  expect(await sharedPrimary([quiet, crashing])).toBe(primary);
  expect((await sandbox.snapshot(quiet.name)).workers.map((worker) => worker.pid)).toEqual([pid]);
  for (const load of loads) expectLossless(await load.stop());
});
