/** @module-tag light */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { fixture } from '../helpers/paths.ts';
import { freePort } from '../helpers/ports.ts';
import { createSandbox } from '../helpers/sandbox.ts';

const sandbox = await createSandbox();
const project = join(sandbox.directory, 'project');
mkdirSync(project);

const configure = (...apps: readonly object[]): void =>
  writeFileSync(join(project, 'lb.config.json'), JSON.stringify({ apps: apps.map((app) => ({ script: fixture('plain-http.cjs'), ...app })) }));
const lb = (...args: string[]): ReturnType<typeof sandbox.lb> => sandbox.lbWith({ cwd: project, env: { SHELL_SAYS: String(Math.random()) } }, ...args);
const defined = async (name: string, instances = 1): Promise<{ name: string; instances: number; env: object }> => ({
  name,
  instances,
  env: { PORT: await freePort() },
});

it('makes what runs match the file, touches nothing else, and does nothing the second time', async () => {
  const [kept, changed, scaled, missing, gone] = [
    await defined('kept'),
    await defined('changed'),
    await defined('scaled'),
    await defined('missing'),
    await defined('gone'),
  ];
  configure(kept, changed, scaled, gone);
  await sandbox.start('plain-http.cjs', { name: 'theirs', instances: 1 });
  expect(await lb('apply')).toMatchObject({ code: 0, stdout: '4 apps are online\n' });
  const pidsOf = async (...names: readonly string[]): Promise<readonly (readonly number[])[]> => Promise.all(names.map((name) => sandbox.workerPids(name)));
  const before = await pidsOf('kept', 'theirs', 'scaled', 'changed');

  configure(kept, { ...changed, kill_timeout: 5_000 }, { ...scaled, instances: 2 }, missing);
  const plan = ['keep kept', 'reload changed: its definition changed', 'scale scaled from 1 to 2', 'start missing', 'delete gone: no longer in the file'];
  expect(await lb('apply', '--dry-run', '--prune')).toMatchObject({ code: 0, stdout: `${plan.join('\n')}\n` });
  expect(await lb('apply', '--prune')).toMatchObject({ code: 2, stdout: '' });
  expect(await pidsOf('kept', 'theirs', 'scaled', 'changed'), 'nothing was changed').toEqual(before);

  expect(await lb('apply', '--prune', '--yes')).toMatchObject({ code: 0 });
  const [keptPids, theirPids, scaledPids, changedPids] = await pidsOf('kept', 'theirs', 'scaled', 'changed');
  expect([keptPids, theirPids]).toEqual(before.slice(0, 2));
  expect(scaledPids).toEqual([before[2]?.[0], expect.any(Number)]);
  expect(changedPids).not.toEqual(before[3]);
  expect((await sandbox.apps()).map(({ name }) => name)).toEqual(['changed', 'kept', 'missing', 'scaled', 'theirs']);

  const after = await pidsOf('kept', 'changed', 'scaled', 'missing');
  expect(await lb('apply', '--prune', '--yes')).toMatchObject({ code: 0, stdout: 'kept, changed, scaled, missing: unchanged\n', stderr: '' });
  expect(await lb('start')).toMatchObject({ code: 0 });
  expect(await pidsOf('kept', 'changed', 'scaled', 'missing')).toEqual(after);
});

it('reloads with the environment that the app inherited, unless told to take over that of the shell', async () => {
  const app = await defined('inherits');
  configure(app);
  const from = (shell: string, ...args: string[]): ReturnType<typeof sandbox.lb> => sandbox.lbWith({ cwd: project, env: { SHELL_SAYS: shell } }, ...args);
  const says = async (): Promise<unknown> => (JSON.parse((await sandbox.ok('env', 'inherits', '--json')).stdout) as Record<string, unknown>)['SHELL_SAYS'];
  await from('first', 'apply');
  configure({ ...app, kill_timeout: 5_000 });
  expect(await from('second', 'apply')).toMatchObject({ code: 0, stdout: expect.stringContaining('inherits reloaded') as string });
  expect(await says()).toBe('first');
  expect(await from('second', 'apply', '--update-env')).toMatchObject({ code: 0, stdout: expect.stringContaining('inherits reloaded') as string });
  expect(await says()).toBe('second');
  expect(await from('second', 'apply', '--update-env')).toMatchObject({ code: 0, stdout: 'inherits: unchanged\n' });
});

it('startOrReload reloads what has not changed, as deploy scripts expect', async () => {
  configure(await defined('deployed'));
  expect((await lb('startOrReload', 'lb.config.json')).stdout).toContain('deployed is online');
  const before = await sandbox.workerPids('deployed');
  expect((await lb('startOrReload', 'lb.config.json')).stdout).toContain('deployed reloaded');
  expect(await sandbox.workerPids('deployed')).not.toEqual(before);
});

it('a version that does not come up is rolled back, and tried again by the next apply', async () => {
  const app = await defined('risky');
  configure(app);
  await lb('apply');
  const before = await sandbox.workerPids('risky');
  configure({ ...app, script: fixture('crash-at-boot.cjs') });
  expect(await lb('apply')).toMatchObject({ code: 1 });
  expect(await sandbox.workerPids('risky')).toEqual(before);
  expect(await lb('apply', '--dry-run')).toMatchObject({ stdout: 'reload risky: its definition changed\n' });
  configure(app);
  expect(await lb('apply')).toMatchObject({ code: 0, stdout: 'risky: unchanged\n' });
});
