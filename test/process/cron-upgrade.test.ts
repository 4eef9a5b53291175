import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createPackages, Installation } from '../helpers/installation.ts';
import type { LbResult } from '../helpers/run-lb.ts';
import { createSandbox } from '../helpers/sandbox.ts';

const sandbox = await createSandbox();
const packages = createPackages();
const global = new Installation(join(sandbox.directory, 'global'));

const lb = (...args: string[]): Promise<LbResult> => sandbox.lbWith({ program: global.program }, ...args);

it('a job that waits for its tick goes on waiting through an upgrade, and does not run because of it', async () => {
  global.install(packages.current);
  const ran = join(sandbox.directory, 'ran');
  const script = sandbox.writeApp('job.cjs', `require('node:fs').appendFileSync(${JSON.stringify(ran)}, 'x');\n`);
  const runs = (): number => (existsSync(ran) ? readFileSync(ran, 'utf8').length : 0);
  await lb('start', script, '-n', 'job', '--cron', '0 3 1 1 *', '--no-autorestart');
  const before = await sandbox.waitForApp('job', 'wait', ({ state }) => state === 'waiting');
  global.install(packages.next);
  const upgraded = await lb('upgrade');
  expect(upgraded.code, String(upgraded)).toBe(0);
  const after = await sandbox.waitForApp('job', 'wait in a new primary', ({ state, primaryPid }) => state === 'waiting' && primaryPid !== before.primaryPid);
  expect(after.nextTickAt).toBe(before.nextTickAt);
  expect(runs()).toBe(1);
  // The daemon speaks the next version by now.
  for (const words of [['delete', 'job'], ['kill']]) expect((await lb(...words)).code).toBe(0);
});
