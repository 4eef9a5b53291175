/** @module-tag light */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { fixture } from '../helpers/paths.ts';
import { freePort } from '../helpers/ports.ts';
import { createSandbox } from '../helpers/sandbox.ts';

const sandbox = await createSandbox();

afterEach(async () => sandbox.clear());

const EVERY_OTHER_SECOND = '*/2 * * * * *';

/** A job that notes each of its runs. */
function job(name: string, ending = ''): { readonly script: string; readonly runs: () => number } {
  const ran = join(sandbox.directory, `${name}.ran`);
  const script = sandbox.writeApp(`${name}.cjs`, `require('node:fs').appendFileSync(${JSON.stringify(ran)}, 'x');\n${ending}`);
  return { script, runs: () => (existsSync(ran) ? readFileSync(ran, 'utf8').length : 0) };
}

const events = async (kind: string): Promise<string[]> =>
  (await sandbox.ok('events', '--json', '--lines', '500')).stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { kind: string; message: string })
    .filter((event) => event.kind === kind)
    .map(({ message }) => message);

it('a job with autostart false waits for its tick, runs at each, and lb list says when the next one is', async () => {
  const { script, runs } = job('nightly');
  const started = await sandbox.ok('start', script, '-n', 'nightly', '--cron', '0 3 * * *', '--no-autostart', '--no-autorestart');
  expect(started.stdout).toContain('nightly is not running: the next tick of cron_restart starts it again');
  expect(runs()).toBe(0);
  const { stdout } = await sandbox.ok('list');
  expect(stdout).toMatch(/nightly +0 +waiting/);
  expect(stdout).toMatch(/cron_restart: next at \d{4}-\d\d-\d\d 03:00:00/);
  await sandbox.ok('start', 'nightly');
  await sandbox.waitFor('the job to run now', () => runs() === 1);
  await sandbox.waitForApp('nightly', 'wait again', ({ state }) => state === 'waiting');
  await sandbox.ok('delete', 'nightly');

  await sandbox.ok('start', script, '-n', 'often', '--cron', EVERY_OTHER_SECOND, '--no-autostart', '--no-autorestart');
  await sandbox.waitFor('two ticks', () => runs() >= 3);
  await sandbox.ok('stop', 'often');
  const after = runs();
  expect(await sandbox.snapshot('often')).toMatchObject({ state: 'stopped', primaryPid: null });
  await sandbox.ok('start', 'often');
  await sandbox.waitFor('ticks after the start', () => runs() >= after + 2);
});

it('a job goes on waiting after the death of its primary and of the daemon, and after a shutdown', async () => {
  const { script, runs } = job('rare');
  await sandbox.ok('start', script, '-n', 'rare', '--cron', '0 3 1 1 *', '--no-autorestart');
  await sandbox.waitForApp('rare', 'wait', ({ state }) => state === 'waiting');
  const file = sandbox.writeApp(
    'rare.config.json',
    JSON.stringify({
      apps: [
        { name: 'rare', script, cwd: sandbox.directory, cron_restart: '0 3 1 1 *', autorestart: false },
        { name: 'web', script: fixture('plain-http.cjs'), port: await freePort() },
      ],
    }),
  );
  expect((await sandbox.ok('start', file)).stderr, 'a start of its file').toContain('rare waits for its next start and was left unchanged');
  await sandbox.ok('delete', 'web');
  expect(runs()).toBe(1);
  const primary = await sandbox.primaryPid('rare');
  process.kill(primary, 'SIGKILL');
  await sandbox.waitForApp('rare', 'wait in another primary', ({ state, primaryPid }) => state === 'waiting' && primaryPid !== null && primaryPid !== primary);
  const daemon = await sandbox.daemonPid();
  process.kill(daemon, 'SIGKILL');
  await sandbox.waitFor('another daemon', async () => (await sandbox.daemonPid().catch(() => daemon)) !== daemon);
  await sandbox.waitForApp('rare', 'be adopted', ({ state, primaryPid }) => state === 'waiting' && primaryPid !== null);
  process.kill(await sandbox.daemonPid(), 'SIGTERM');
  await sandbox.waitFor('the daemon to end', async () => (await sandbox.lb('ping')).code !== 0);
  await sandbox.lb('list');
  await sandbox.ok('scale', 'rare', '1').catch(() => null);
  await sandbox.waitForApp('rare', 'be back', ({ state, primaryPid }) => state === 'waiting' && primaryPid !== null);
  expect(runs(), 'missed ticks are not made up, and nothing runs because lb was restarted').toBe(1);
});

it('a tick while the last run still runs is skipped, with an event', async () => {
  const { script, runs } = job('long', 'setInterval(() => {}, 1000);');
  await sandbox.lb('start', script, '-n', 'long', '--cron', EVERY_OTHER_SECOND, '--no-autorestart');
  await sandbox.waitFor('a skipped tick', async () => (await events('cron')).some((message) => message.includes('skipped, because the last run still runs')));
  expect(runs()).toBe(1);
});

it('an app that serves is reloaded, and refuses nobody', async () => {
  const port = await freePort();
  await sandbox.start('plain-http.cjs', { name: 'web', port, instances: 2, flags: ['--cron', '*/4 * * * * *'] });
  const before = (await sandbox.snapshot('web')).generation;
  const failures: unknown[] = [];
  let asked = 0;
  await sandbox.waitFor('web to be reloaded by cron', async () => {
    for (let n = 0; n < 20; n++) {
      asked++;
      await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } }).catch((error: unknown) => failures.push(error));
    }
    return (await sandbox.snapshot('web')).generation > before;
  });
  expect({ failures, asked }).toMatchObject({ failures: [] });
});

it('a pattern that is none is refused before anything starts', async () => {
  const result = await sandbox.lb('start', fixture('plain-http.cjs'), '--cron', 'every night');
  expect(result.code).not.toBe(0);
  expect(result.stderr).toContain('--cron-restart: expected a cron pattern such as "0 3 * * *", got "every night"');
});
