/** @module-tag light */
import { expect, it } from 'vitest';
import { debianPackage, needsPackage } from '../helpers/debian-package.ts';
import { startLoad } from '../helpers/load.ts';
import { ROOT } from '../helpers/paths.ts';
import { isAlive } from '../helpers/processes.ts';
import { freePort } from '../helpers/ports.ts';
import { createSandbox } from '../helpers/sandbox.ts';
import { expectLossless } from '../helpers/tally.ts';

const sandbox = await createSandbox();
const GUNICORN = debianPackage('gunicorn', 'gunicorn');
/** Ten in `npm run test:all`. */
const RELOADS = Number(process.env['LB_SOCKET_RELOADS'] ?? 3);

/** A gunicorn that gets its socket from lb. It says that it serves by its pid file, which it writes when its workers are told to boot. */
async function startGunicorn(path: string, name: string, port: number): Promise<(env: Readonly<Record<string, string>>) => string> {
  const write = (env: Readonly<Record<string, string>>): string =>
    sandbox.writeApp(
      `${name}.config.json`,
      JSON.stringify({
        apps: [
          {
            name,
            script: path,
            args: ['--chdir', `${ROOT}/test/fixtures/commands`, '--preload', '--workers', '2', '--graceful-timeout', '5', 'wsgi:app'],
            socket: `127.0.0.1:${port}`,
            min_uptime: 1_500,
            env,
          },
        ],
      }),
    );
  await sandbox.ok('start', write({ VERSION: 'v0' }));
  return write;
}

it('S42: reloads of a gunicorn that inherits its socket lose nothing', { timeout: 120_000 }, async (context) => {
  const path = needsPackage(context, GUNICORN);
  const port = await freePort();
  const write = await startGunicorn(path, 'api', port);
  expect(await sandbox.snapshot('api')).toMatchObject({ listeners: [`127.0.0.1:${port}`], state: 'online' });
  const load = startLoad({ port, mode: 'connection-per-request', clients: 4, thinkMs: 5 });
  for (let version = 1; version <= RELOADS; version++) {
    const [before] = await sandbox.workerPids('api');
    await sandbox.ok('reload', write({ VERSION: `v${version}` }), '--monitor', '0');
    expect(isAlive(before ?? 0)).toBe(false);
    await load.waitForServed(10);
  }
  const tally = await load.stop();
  expectLossless(tally, 'S42');
  expect(Object.keys(tally.versions)).toHaveLength(RELOADS + 1);
});

it('S42: a version that ends at once is not taken as ready; the old one goes on', async (context) => {
  const path = needsPackage(context, GUNICORN);
  const port = await freePort();
  const write = await startGunicorn(path, 'broken', port);
  const load = startLoad({ port, mode: 'connection-per-request', clients: 2, thinkMs: 5 });
  await load.waitForServed(5);
  const reload = await sandbox.lb('reload', write({ VERSION: 'v1', BROKEN: '1' }), '--monitor', '0');
  expect(reload.code).toBe(1);
  expect(reload.stderr).toContain('this version is broken');
  await load.waitForServed(20);
  const tally = await load.stop();
  expectLossless(tally, 'S42');
  expect(Object.keys(tally.versions)).toEqual(['v0']);
});

it('S42: kill -9 of the process and of the primary: connections wait for the next one', async (context) => {
  const path = needsPackage(context, GUNICORN);
  const port = await freePort();
  await startGunicorn(path, 'killed', port);
  const primary = await sandbox.primaryPid('killed');
  const load = startLoad({ port, mode: 'connection-per-request', clients: 2, thinkMs: 5 });
  await load.waitForServed(5);
  process.kill(primary, 'SIGKILL');
  await sandbox.waitForApp('killed', 'have another primary', (now) => now.primaryPid !== null && now.primaryPid !== primary && now.state === 'online', {
    deadlineMs: 20_000,
  });
  await load.waitForServed(20);
  expectLossless(await load.stop(), 'S42');
});

it('a port that is taken fails the start, and names it', async (context) => {
  const path = needsPackage(context, GUNICORN);
  const { port } = await sandbox.start('plain-http.cjs');
  const file = sandbox.writeApp('taken.config.json', JSON.stringify({ apps: [{ name: 'taken', script: path, args: 'wsgi:app', socket: port }] }));
  const { code, stderr } = await sandbox.lb('start', file);
  expect([code, stderr]).toEqual([1, expect.stringMatching(new RegExp(`app "taken": cannot listen on socket \\*:${port}: address already in use`))]);
});
