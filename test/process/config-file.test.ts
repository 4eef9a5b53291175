/** @module-tag light */
import { expect, it } from 'vitest';
import { getJson } from '../helpers/http.ts';
import { startLoad } from '../helpers/load.ts';
import { fixture } from '../helpers/paths.ts';
import { freePort } from '../helpers/ports.ts';
import { createSandbox } from '../helpers/sandbox.ts';
import { expectLossless } from '../helpers/tally.ts';

const sandbox = await createSandbox();
const script = fixture('plain-http.cjs');

const writeConfig = (name: string, apps: readonly object[]): string => sandbox.writeApp(name, `module.exports = ${JSON.stringify({ apps })};\n`);

it('starts the apps of a file, and a reload with the changed file applies every change without loss', async () => {
  const [apiPort, webPort] = [await freePort(), await freePort()];
  const api = { name: 'api', script, instances: 2, env: { PORT: apiPort, VERSION: 'v1' }, env_production: { VERSION: 'v1-production' } };
  const web = { name: 'web', script, env: { PORT: webPort, VERSION: 'v1' } };
  const file = writeConfig('lb.config.cjs', [api, web]);
  await sandbox.ok('start', file, '--env', 'production');
  expect(await getJson(apiPort)).toMatchObject({ version: 'v1-production' });
  expect(await getJson(webPort)).toMatchObject({ version: 'v1' });

  const load = startLoad({ port: apiPort, mode: 'connection-per-request', clients: 3 });
  await load.waitForServed(10);
  writeConfig('lb.config.cjs', [{ ...api, instances: 3, kill_timeout: 5000, env: { PORT: apiPort, VERSION: 'v2' }, env_production: {} }, web]);
  await sandbox.ok('reload', file, '--env', 'production', '--monitor', '100');
  await load.waitForServed(10);
  expectLossless(await load.stop());
  const after = await sandbox.waitForOnline('api');
  expect(after).toMatchObject({ instances: 3, ready: 3, spec: { killTimeoutMs: 5000 } });
  expect(await getJson(apiPort)).toMatchObject({ version: 'v2' });
});

it('a changed definition that does not work is not kept', async () => {
  const port = await freePort();
  const app = { name: 'api', script, instances: 2, env: { PORT: port, VERSION: 'v1' } };
  const file = writeConfig('lb.config.cjs', [app]);
  await sandbox.ok('start', file);
  const pids = await sandbox.workerPids('api');
  writeConfig('lb.config.cjs', [{ ...app, script: fixture('crash-at-boot.cjs') }]);
  const failed = await sandbox.lb('reload', file, '--monitor', '100');
  expect(failed.code, String(failed)).toBe(1);
  expect(await sandbox.workerPids('api')).toEqual(pids);
  // What a crash or a plain reload starts is still what works.
  expect((await sandbox.snapshot('api')).spec.script).toBe(script);
  await sandbox.ok('reload', 'api', '--monitor', '100');
  expect(await getJson(port)).toMatchObject({ version: 'v1' });
});

it('finds ecosystem.config.js in the current directory, and names what it does not know', async () => {
  const port = await freePort();
  sandbox.writeApp(
    'pm2/ecosystem.config.js',
    `module.exports = { apps: [{ name: 'old-friend', script: ${JSON.stringify(script)}, exec_mode: 'cluster', instances: 2, max_size: '1G', env: { PORT: ${port} } }] };\n`,
  );
  const result = await sandbox.lbWith({ cwd: `${sandbox.directory}/apps/pm2` }, 'start');
  expect(result.code, String(result)).toBe(0);
  expect(result.stderr).toContain('unknown and ignored: max_size');
  expect(await sandbox.workerPids('old-friend')).toHaveLength(2);
  expect(await getJson(port)).toMatchObject({ version: '1' });
});

it('a config file of ES modules in a package without a type: no advice about that package', async () => {
  sandbox.writeApp('typeless/package.json', '{}');
  const env = { PORT: await freePort() };
  sandbox.writeApp('typeless/lb.config.js', `export default { apps: [{ name: 'api', script: ${JSON.stringify(script)}, env: ${JSON.stringify(env)} }] };\n`);
  const result = await sandbox.lbWith({ cwd: `${sandbox.directory}/apps/typeless` }, 'start');
  expect(result.code, String(result)).toBe(0);
  expect(result.stderr).not.toMatch(/warning/i);
});

it.each([
  { what: 'a wrong value', app: { script, instances: 'lots' }, says: ['instances', 'expected', 'lots'] },
  { what: 'an unknown key', app: { script, instnaces: 2 }, says: ['instnaces', 'instances'] },
  { what: 'a script that is not there', app: { script: './nowhere.js' }, says: ['script not found', 'nowhere.js'] },
])('$what: names it, and nothing is started', async ({ app, says }) => {
  const good = { name: 'good', script, env: { PORT: await freePort() } };
  const file = writeConfig('lb.config.cjs', [good, { name: 'bad', ...app }]);
  const result = await sandbox.lb('start', file);
  expect([2, 3], String(result)).toContain(result.code);
  for (const words of says) expect(result.stderr).toContain(words);
  expect(await sandbox.apps().catch(() => [])).toEqual([]);
});
