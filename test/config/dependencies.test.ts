import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { inspectApps, type ResolveRequest } from '../../src/config/resolve.ts';

const cwd = realpathSync(mkdtempSync(join(tmpdir(), 'lb-depends-')));
afterAll(() => rmSync(cwd, { recursive: true }));
writeFileSync(join(cwd, 'app.js'), '');

const inspect = (dependsOn: Readonly<Record<string, unknown>>, changes: Partial<ResolveRequest> = {}, more: object = {}): ReturnType<typeof inspectApps> =>
  inspectApps({
    ...{ target: '-', stdin: JSON.stringify(Object.entries(dependsOn).map(([name, depends_on]) => ({ name, script: 'app.js', depends_on, ...more }))) },
    ...{ flags: {}, appArgs: [], env: { PATH: '/bin' }, cwd, home: '/lb', cpuBudget: 4, umask: 0o022, node: '/n', ...changes },
  });
const problems = async (...given: Parameters<typeof inspect>): Promise<readonly string[]> => (await inspect(...given)).problems.map(({ message }) => message);

it('takes one name or several, of apps that are selected or not', async () => {
  const { apps, problems: found } = await inspect({ web: 'My API', 'My API': ['db', 'cache'], db: undefined, cache: [] }, { only: ['web,My API'] });
  expect(found).toEqual([]);
  expect(apps.map(({ name, dependsOn }) => [name, dependsOn])).toEqual([
    ['web', ['My API']],
    ['My API', ['db', 'cache']],
  ]);
});

it('follows names that carry the environment', async () => {
  const { apps } = await inspect({ web: 'api', api: [] }, { envName: 'live' }, { append_env_to_name: true });
  expect(apps).toMatchObject([{ name: 'web-live', dependsOn: ['api-live'] }, { name: 'api-live' }]);
});

it('names what is no app of the file, and the nearest one', async () => {
  expect(await problems({ web: ['apo', 'db'], api: [], db: [] })).toEqual([
    'stdin: [0].depends_on: expected names of apps in this file (web, api, db), got "apo", did you mean "api"?',
  ]);
  expect(await problems({ web: 7 })).toEqual([expect.stringContaining('[0].depends_on: expected names of apps, got 7')]);
});

it('names a cycle', async () => {
  expect(await problems({ a: 'b', b: 'c', c: ['d', 'a'], d: [] })).toEqual([
    'stdin: [0].depends_on: expected no app that depends on itself, got a -> b -> c -> a',
  ]);
  expect(await problems({ d: [], a: 'a' })).toEqual(['stdin: [1].depends_on: expected no app that depends on itself, got a -> a']);
});
