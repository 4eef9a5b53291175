import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { Declared } from '../../src/lifecycle/app-spec.ts';
import { appNamesIn, resolveApps, type ResolveRequest } from '../../src/config/resolve.ts';

const cwd = realpathSync(mkdtempSync(join(tmpdir(), 'lb-declared-')));
afterAll(() => rmSync(cwd, { recursive: true }));
for (const [file, text] of Object.entries({ 'app.js': '', 'other.js': '', 'prod.env': 'A=1', 'other.env': 'A=4' })) writeFileSync(join(cwd, file), text);
const BASE = { name: 'app', script: 'app.js', env: { A: '1', B: '2' }, env_live: { A: '3' }, kill_timeout: '5s' };

async function declared(app: object, changes: Partial<ResolveRequest> = {}): Promise<Declared | null | undefined> {
  writeFileSync(join(cwd, 'lb.config.json'), JSON.stringify([app]));
  const request = { target: 'lb.config.json', flags: {}, appArgs: [], env: { PATH: '/bin' }, cwd, home: '/lb', cpuBudget: 4, umask: 0o022, node: '/n' };
  return (await resolveApps({ ...request, ...changes })).apps[0]?.declared;
}

const digest = async (...given: Parameters<typeof declared>): Promise<string | undefined> => (await declared(...given))?.digest;
const base = await digest(BASE);

it.each<[string, object, Partial<ResolveRequest>]>([
  ['the order of keys and variables', { kill_timeout: '5s', env_live: { A: '3' }, env: { B: '2', A: '1' }, script: 'app.js', name: 'app' }, {}],
  ['the shell', BASE, { env: { PATH: '/bin', HOME: '/x', A: '9' }, umask: 0 }],
  ['the number of CPUs', BASE, { cpuBudget: 64 }],
  ['how a path is written', { ...BASE, script: './app.js', cwd: '.' }, {}],
  ['whether env_file says it', { ...BASE, env_file: 'prod.env', env: { B: '2' } }, {}],
  ['whether a flag says it', { ...BASE, kill_timeout: undefined }, { flags: { kill_timeout: '5s' } }],
])('is the same whatever %s', async (_, app, changes) => {
  expect(await digest(app, changes)).toBe(base);
});

it.each<[string, object, Partial<ResolveRequest>]>([
  ['another script', { ...BASE, script: 'other.js' }, {}],
  ['another value', { ...BASE, kill_timeout: '6s' }, {}],
  ['another variable', { ...BASE, env: { A: '1' } }, {}],
  ['another env_file', { ...BASE, env_file: 'other.env', env: { B: '2' } }, {}],
  ['an env_<name>', BASE, { envName: 'live' }],
  ['a flag', BASE, { flags: { kill_timeout: '7s' } }],
  ['a number of workers, which makes a cluster of it', BASE, { flags: { instances: '1' } }],
  ['arguments', BASE, { appArgs: ['-v'] }],
])('is another one with %s', async (_, app, changes) => {
  expect(await digest(app, changes)).not.toBe(base);
});

it('says how many workers were asked for, and which variables are set or removed', async () => {
  expect(await declared(BASE)).toMatchObject({ instances: null, env: ['A', 'B'] });
  expect(await declared({ ...BASE, instances: 'max', env: { C: null } }, { envName: 'live' })).toMatchObject({ instances: 4, env: ['A', 'C'] });
  expect(await declared({ ...BASE, port: 80, env: {} }, { flags: { instances: '2' } })).toMatchObject({ instances: 2, env: ['PORT'] });
});

it('the names of the apps in a file are known whatever else is wrong with them', async () => {
  const apps = [{ script: 'gone.js' }, { name: 'api', script: 'app.js', nonsense: 1, kill_timeout: 'x' }, { script: 'npm', args: 'start' }];
  const found = await appNamesIn({ target: '-', stdin: JSON.stringify({ apps }), env: {}, cwd });
  expect(found.slice(0, 2)).toEqual(['gone', 'api']);
  expect(await appNamesIn({ target: '-', stdin: JSON.stringify(apps), only: ['api'], env: {}, cwd })).toEqual(['api']);
  await expect(appNamesIn({ target: '-', stdin: '{', env: {}, cwd })).rejects.toThrow('stdin');
});

it('the number of workers is no part of the digest', async () => {
  expect(await digest({ ...BASE, instances: 3 })).toBe(await digest({ ...BASE, instances: 2 }));
});

it('knows the name in the file whatever the app is called, and all names of the file', async () => {
  writeFileSync(
    join(cwd, 'lb.config.json'),
    JSON.stringify([
      { ...BASE, append_env_to_name: true },
      { name: 'b', script: 'app.js' },
    ]),
  );
  const request = { target: 'lb.config.json', flags: {}, appArgs: [], env: {}, cwd, home: '/lb', cpuBudget: 4, umask: 0o022, node: '/n' };
  const { apps, file, names } = await resolveApps({ ...request, envName: 'live', only: ['app'] });
  expect(apps).toMatchObject([{ name: 'app-live', origin: { name: 'app' } }]);
  expect({ file, names }).toEqual({ file: join(cwd, 'lb.config.json'), names: ['app', 'b'] });
  const renamed = await resolveApps({ ...request, flags: { name: 'c' }, only: ['b'] });
  expect(renamed.apps).toMatchObject([{ name: 'c', origin: { name: 'b' } }]);
});
