/** @module-tag light */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createSandbox } from '../helpers/sandbox.ts';

const sandbox = await createSandbox();
const sick = join(sandbox.directory, 'sick');
const config = join(sandbox.directory, 'lb.config.json');

it('a command that is not healthy is no success of a start, and is replaced when it becomes so', async () => {
  writeFileSync(join(sandbox.directory, 'loop.sh'), 'while :; do sleep 0.1; done\n');
  const health = { command: 'test ! -e sick', interval: 100, fall: 2, rise: 1, replace_after: 300 };
  writeFileSync(config, JSON.stringify([{ name: 'loop', script: 'loop.sh', min_uptime: 100, listen_timeout: 1_500, kill_timeout: 1_000, health }]));

  writeFileSync(sick, '');
  const failed = await sandbox.lb('start', config);
  expect(failed.code).toBe(1);
  expect(failed.stderr).toContain('health check failed: the command ended with code 1');
  rmSync(sick);
  await sandbox.waitForOnline('loop');

  const [before] = await sandbox.workerPids('loop');
  await sandbox.waitFor('a check', async () => ((await sandbox.snapshot('loop')).health[0]?.checks.passed ?? 0) > 0);
  writeFileSync(sick, '');
  const replaced = 'replacing worker 0: failed checks: the command ended with code 1 (2 in a row)';
  await sandbox.waitFor('it to be replaced', async () => (await sandbox.ok('events', 'loop', '--lines', '50')).stdout.includes(replaced));
  rmSync(sick);
  await sandbox.waitFor('another process', async () => {
    const [pid] = await sandbox.workerPids('loop');
    return pid !== undefined && pid !== before && (await sandbox.snapshot('loop')).ready === 1;
  });
});
