/** @module-tag light */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { fixture } from '../helpers/paths.ts';
import { freePort } from '../helpers/ports.ts';
import { createSandbox } from '../helpers/sandbox.ts';

const sandbox = await createSandbox();
const config = join(sandbox.directory, 'lb.config.json');
const runs = join(sandbox.directory, 'runs');
const broken = join(sandbox.directory, 'broken');
const count = (): number => (existsSync(runs) ? readFileSync(runs, 'utf8').split('\n').length - 1 : 0);

it('runs once per reload of the operator, and when it fails nothing is replaced', async () => {
  const command = `echo x >> ${runs}; echo migrating; test ! -e ${broken}`;
  const app = { name: 'web', script: fixture('plain-http.cjs'), instances: 2, env: { PORT: await freePort() }, before_reload: command };
  writeFileSync(config, JSON.stringify([app]));
  await sandbox.ok('start', config);
  await sandbox.ok('restart', 'web');
  const before = await sandbox.workerPids('web');
  expect(count(), 'not at a start or restart').toBe(0);

  writeFileSync(broken, '');
  const failed = await sandbox.lb('reload', 'web');
  expect(failed).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('before_reload of "web" failed, nothing was replaced: exit code 1\n  | migrating\n') as string,
  });
  writeFileSync(config, JSON.stringify([{ ...app, kill_timeout: 5_000 }]));
  expect((await sandbox.lb('apply', config)).code).toBe(1);
  expect(await sandbox.workerPids('web')).toEqual(before);
  expect(count()).toBe(2);

  rmSync(broken);
  await sandbox.ok('apply', config);
  expect(count()).toBe(3);
  const after = await sandbox.workerPids('web');
  expect(after).not.toEqual(before);
  await sandbox.ok('reload', '0');
  process.kill(after[1] ?? 0, 'SIGKILL');
  await sandbox.waitForApp('web', 'have restarted', ({ restarts, ready }) => restarts === 1 && ready === 2);
  expect(count(), 'not for one slot, nor for a crash').toBe(3);
  await sandbox.ok('delete', 'web');
});
