import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { appNamesIn, resolveApps, type ResolveRequest } from '../../src/config/resolve.ts';

const cwd = realpathSync(mkdtempSync(join(tmpdir(), 'lb-declared-')));
afterAll(() => rmSync(cwd, { recursive: true }));
for (const [file, text] of Object.entries({ 'app.js': '', 'other.js': '', 'prod.env': 'A=1', 'other.env': 'A=4' })) writeFileSync(join(cwd, file), text);
const BASE = { name: 'app', script: 'app.js', env: { A: '1', B: '2' }, env_live: { A: '3' }, kill_timeout: '5s' };

async function digest(app: object, changes: Partial<ResolveRequest> = {}): Promise<string | null | undefined> {
  writeFileSync(join(cwd, 'lb.config.json'), JSON.stringify([app]));
  const request = { target: 'lb.config.json', flags: {}, appArgs: [], env: { PATH: '/bin' }, cwd, home: '/lb', cpuBudget: 4, umask: 0o022, node: '/n' };
  return (await resolveApps({ ...request, ...changes })).apps[0]?.declared;
}

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
  ['a flag', BASE, { flags: { instances: '2' } }],
  ['arguments', BASE, { appArgs: ['-v'] }],
])('is another one with %s', async (_, app, changes) => {
  expect(await digest(app, changes)).not.toBe(base);
});

it('the names of the apps in a file are known whatever else is wrong with them', async () => {
  const apps = [{ script: 'gone.js' }, { name: 'api', script: 'app.js', nonsense: 1, kill_timeout: 'x' }, { script: 'npm', args: 'start' }];
  const found = await appNamesIn({ target: '-', stdin: JSON.stringify({ apps }), env: {}, cwd });
  expect(found.slice(0, 2)).toEqual(['gone', 'api']);
  expect(await appNamesIn({ target: '-', stdin: JSON.stringify(apps), only: ['api'], env: {}, cwd })).toEqual(['api']);
  await expect(appNamesIn({ target: '-', stdin: '{', env: {}, cwd })).rejects.toThrow('stdin');
});
