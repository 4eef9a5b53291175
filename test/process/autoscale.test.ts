import { expect, it } from 'vitest';
import type { AppSnapshot } from '../../src/protocol/snapshot.ts';
import { startLoad } from '../helpers/load.ts';
import { fixture } from '../helpers/paths.ts';
import { freePort } from '../helpers/ports.ts';
import { createSandbox, type Sandbox } from '../helpers/sandbox.ts';
import { expectLossless } from '../helpers/tally.ts';

const sandbox = await createSandbox();

/** Starts `blocks-its-loop` as a file with `scale` has it. */
async function start(home: Sandbox, app: object): Promise<number> {
  const port = await freePort();
  const apps = [{ name: 'api', script: fixture('blocks-its-loop.cjs'), env: { PORT: port }, ...app }];
  await home.ok('start', home.writeApp('lb.config.cjs', `module.exports = ${JSON.stringify({ apps })};\n`));
  return port;
}

const workers =
  (count: number) =>
  (now: AppSnapshot): boolean =>
    now.instances === count && now.ready === count && now.operation === null;

it('follows the load up and down again without loss; a number by hand ends it, auto goes on', { timeout: 60_000 }, async () => {
  const target = { rps_per_worker: 20 };
  const port = await start(sandbox, { scale: { min: 1, max: 3, target, up_cooldown: '1s', down_cooldown: '4s' } });
  const load = startLoad({ port, mode: 'connection-per-request', clients: 3, path: '/block?ms=5' });
  // About five requests per second: one worker is enough for these.
  const few = startLoad({ port, mode: 'think', thinkMs: 800, clients: 2, path: '/block?ms=1' });
  const most = await sandbox.waitForApp('api', 'have 3 workers', workers(3), { deadlineMs: 30_000 });
  expect(most.autoscaling?.last).toMatchObject({ from: 2, to: 3, reason: expect.stringMatching(/^\d+ requests\/s per worker of 20 over 5 s: 2 → 3 workers$/) });
  expect((await sandbox.ok('list')).stdout).toContain('1-3 auto, ');

  expect((await sandbox.ok('scale', 'api', '2')).stderr).toContain('autoscaling is now off');
  expect(await sandbox.snapshot('api')).toMatchObject({ instances: 2, autoscaling: { on: false } });
  expect((await sandbox.ok('show', 'api')).stdout).toContain('turned off manually');
  expectLossless(await load.stop());

  expect((await sandbox.ok('scale', 'api', 'auto')).stdout).toContain('api scales between 1 and 3 workers');
  const least = await sandbox.waitForApp('api', 'have 1 worker', workers(1), { deadlineMs: 30_000 });
  expect(least.autoscaling?.last).toMatchObject({ from: 2, to: 1 });
  expectLossless(await few.stop());
});

it('a new primary begins with as many workers as the load had asked for', { timeout: 60_000 }, async () => {
  const port = await start(sandbox, { instances: 1, scale: { min: 1, max: 2, target: { rps_per_worker: 5 }, up_cooldown: '1s', down_cooldown: '60s' } });
  const load = startLoad({ port, mode: 'connection-per-request', clients: 2, path: '/block?ms=2' });
  await sandbox.waitForApp('api', 'have 2 workers', workers(2), { deadlineMs: 20_000 });
  await load.stop();
  const primary = await sandbox.primaryPid('api');
  process.kill(primary, 'SIGKILL');
  await sandbox.waitForApp('api', 'have a new primary with 2 workers', (now) => now.primaryPid !== null && now.primaryPid !== primary && workers(2)(now), {
    deadlineMs: 20_000,
  });
});
