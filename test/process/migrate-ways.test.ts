import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { getJson } from '../helpers/http.ts';
import { startLoad } from '../helpers/load.ts';
import { fixture } from '../helpers/paths.ts';
import { createPm2, needsPm2 } from '../helpers/pm2.ts';
import { freePort } from '../helpers/ports.ts';
import type { LbResult } from '../helpers/run-lb.ts';
import { createSandbox } from '../helpers/sandbox.ts';
import { expectLossless } from '../helpers/tally.ts';
import { waitFor } from '../helpers/wait.ts';

const sandbox = await createSandbox();
const pm2 = createPm2(sandbox);
const answers = (port: number): Promise<unknown> => waitFor(`port ${port} to answer`, () => getJson(port).catch(() => null));
const migrate = (...words: string[]): Promise<LbResult> => sandbox.lbWith({ env: pm2.env, timeoutMs: 90_000 }, 'migrate', 'pm2', ...words);
const planOf = async (...words: string[]): Promise<unknown> =>
  (await migrate('--json', ...words))
    .json<{ moves: { name: string; way: string; because: string | null }[] }>()
    .moves.map(({ name, way, because }) => [name, way, because]);

/** A server of PM2 that answers. */
async function server(name: string, script: string, more: readonly string[] = [], env: Readonly<Record<string, string>> = {}): Promise<number> {
  const port = await freePort();
  await pm2.run(['start', fixture(script), '-n', name, ...more], { PORT: String(port), ...env });
  await answers(port);
  return port;
}

/** How long each inspector was open, as the processes themselves saw it; in the order in which they opened. */
function openTimes(journal: string): { readonly pid: number; readonly from: number; readonly to: number }[] {
  const notes = readFileSync(journal, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { pid: number; isOpen: boolean; at: number });
  return notes.flatMap(({ pid, isOpen, at: from }, index) => {
    const end = notes.slice(index).find((note) => note.pid === pid && !note.isOpen);
    return isOpen ? [{ pid, from, to: end?.at ?? Infinity }] : [];
  });
}

it('opens one inspector at a time, and closes each within a second', { timeout: 120_000 }, async (context) => {
  needsPm2(context);
  const journal = join(sandbox.directory, 'inspectors');
  const ports = [];
  for (const name of ['one', 'two', 'three']) ports.push(await server(name, 'inspected.cjs', [], { JOURNAL: journal }));
  const moved = await migrate('--yes', ...pm2.flags);
  expect(moved.code, moved.toString()).toBe(0);
  const times = openTimes(journal);
  expect(new Set(times.map(({ pid }) => pid)).size).toBe(3);
  for (const [index, { from, to }] of times.entries()) {
    expect(to - from, 'ms open').toBeLessThan(1_000);
    expect(times[index + 1]?.from ?? Infinity, 'when the next one opened').toBeGreaterThanOrEqual(to);
  }
  for (const port of ports) await getJson(port);
});

it('gives up a process that does not answer its inspector within a second: it is closed, and PM2 serves', { timeout: 90_000 }, async (context) => {
  needsPm2(context);
  const journal = join(sandbox.directory, 'blocked');
  const port = await server('busy', 'inspected.cjs', [], { JOURNAL: journal, BLOCK_MS: '2500' });
  const moved = await migrate('--yes', ...pm2.flags);
  expect([moved.code, moved.stderr]).toEqual([
    1,
    expect.stringMatching(/"busy" was not moved, PM2 serves it as before: its inspector did not answer within 1 s/),
  ]);
  const [open, ...more] = openTimes(journal);
  expect(more).toEqual([]);
  // It could not close it while it was blocked, and nobody could use it.
  expect((open?.to ?? Infinity) - (open?.from ?? 0)).toBeLessThan(2_500 + 1_000);
  expect(await pm2.names()).toEqual(['busy']);
  await getJson(port);
  await pm2.run(['delete', 'busy']);
});

it('--with-gap opens no inspector', { timeout: 90_000 }, async (context) => {
  needsPm2(context);
  const journal = join(sandbox.directory, 'none');
  const port = await server('gap', 'inspected.cjs', [], { JOURNAL: journal });
  expect(await planOf('--with-gap', ...pm2.flags)).toEqual([['gap', 'gap', '--with-gap']]);
  const moved = await migrate('--yes', '--with-gap', ...pm2.flags);
  expect(moved.code, moved.toString()).toBe(0);
  expect([existsSync(journal), await pm2.names(), pm2.saved]).toEqual([false, [], []]);
  await getJson(port);
});

it('where other users are at work, --trust-local-users avoids the gap', { timeout: 90_000, tags: ['root'] }, async (context) => {
  needsPm2(context);
  await server('trusting', 'plain-http.cjs');
  const nobody = spawn('sleep', ['60'], { uid: 65_534, gid: 65_534, stdio: 'ignore' });
  onTestFinished(() => void nobody.kill());
  await once(nobody, 'spawn');
  expect(await planOf(...pm2.which)).toEqual([
    ['trusting', 'gap', expect.stringMatching(/^processes of other users run here \(.*nobody.*--trust-local-users/)],
  ]);
  expect(await planOf(...pm2.flags)).toEqual([['trusting', 'hand-over', null]]);
  await pm2.run(['delete', 'trusting']);
});

it('an app that clusters by itself moves under load, and no request fails', { timeout: 120_000 }, async (context) => {
  needsPm2(context);
  const port = await server('cluster', 'clusters-itself.cjs');
  const loads = [startLoad({ port, mode: 'keep-alive' }), startLoad({ port, mode: 'connection-per-request' })];
  await Promise.all(loads.map((load) => load.waitForServed(20)));
  const moved = await migrate('--yes', ...pm2.flags);
  expect(moved.code, moved.toString()).toBe(0);
  expect(moved.stderr).toContain('cluster moved to lb');
  await Promise.all(loads.map((load) => load.waitForServed(20)));
  for (const load of loads) expectLossless(await load.stop(), 'migration of an app with its own cluster');
  expect(await pm2.names()).toEqual([]);
  expect((await sandbox.apps()).map(({ name, state, spec }) => [name, state, spec.kind])).toEqual([['cluster', 'online', 'plain']]);
});

it('takes the definitions from an ecosystem file, so that nothing differs from it afterwards', { timeout: 90_000 }, async (context) => {
  needsPm2(context);
  const port = await freePort();
  const file = join(sandbox.directory, 'ecosystem.config.js');
  const apps = [
    { name: 'filed', script: fixture('plain-http.cjs'), instances: 2, exec_mode: 'cluster', kill_timeout: 4000, env_live: { PORT: port, VERSION: 'live' } },
  ];
  writeFileSync(file, `module.exports = ${JSON.stringify({ apps })}`);
  await pm2.run(['start', file, '--env', 'live']);
  await answers(port);
  const moved = await migrate(file, '--env', 'live', '--yes', ...pm2.flags);
  expect(moved.code, moved.toString()).toBe(0);
  expect(await getJson(port)).toMatchObject({ version: 'live' });
  expect((await sandbox.snapshot('filed')).spec).toMatchObject({ killTimeoutMs: 4000, origin: { file } });
  expect((await sandbox.ok('apply', file, '--env', 'live', '--dry-run')).stdout).toContain('filed');
  expect((await sandbox.ok('apply', file, '--env', 'live')).stdout).toBe('filed: unchanged\n');
});
