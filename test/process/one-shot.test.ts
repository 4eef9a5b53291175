/** @module-tag light */
import { expect, it } from 'vitest';
import { fixture } from '../helpers/paths.ts';
import { freePort } from '../helpers/ports.ts';
import { createSandbox } from '../helpers/sandbox.ts';

const sandbox = await createSandbox();

it('a config file with a job that ends with 0 beside a server: both start, and the job is stopped', async () => {
  const port = await freePort();
  const apps = [
    { name: 'migrate', script: fixture('exit-code.cjs'), env: { CODE: 0 }, autorestart: false },
    { name: 'web', script: fixture('plain-http.cjs'), instances: 2, port },
  ];
  const file = sandbox.writeApp('lb.config.json', JSON.stringify({ apps }));
  const result = await sandbox.ok('start', file);
  expect(result.stderr).toContain('migrate has ended with exit code 0');
  expect(result.stdout).toBe('1 app is online, 1 has ended\n');
  expect(await sandbox.waitForApp('migrate', 'be stopped', ({ state }) => state === 'stopped')).toMatchObject({ restarts: 0, lastExits: [{ code: 0 }] });
  expect(await sandbox.snapshot('web')).toMatchObject({ state: 'online', ready: 2 });
  await sandbox.ok('start', 'migrate');
});

it('a config file of which two apps fail: each failure is reported', async () => {
  const apps = ['one', 'two'].map((name) => ({ name, script: fixture('exit-code.cjs'), env: { CODE: 3 }, autorestart: false }));
  const result = await sandbox.lb('start', sandbox.writeApp('failing.json', JSON.stringify({ apps })));
  expect(result.code).toBe(1);
  expect(result.stderr.match(/app "(?:one|two)" did not start: worker 0 /g)?.sort()).toEqual([
    'app "one" did not start: worker 0 ',
    'app "two" did not start: worker 0 ',
  ]);
});

it.each([['--no-autorestart'], ['--stop-exit-codes', '0']])('a script that ends with another code fails the start: %s', async (...flags) => {
  const { result } = await sandbox.tryStart('exit-code.cjs', { flags, env: { CODE: '3' } });
  expect(result.code, String(result)).toBe(1);
  expect(result.stderr).toContain('exit code 3');
});
