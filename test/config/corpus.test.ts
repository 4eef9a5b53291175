import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { AppSpec } from '../../src/lifecycle/app-spec.ts';
import type { Users } from '../../src/config/app-user.ts';
import { resolveApps } from '../../src/config/resolve.ts';
import { CORPUS, filesOf, placed } from './corpus.ts';
import { tempDir } from './temp-dir.ts';

const PORT = 3000;
const OWN: Users = { own: { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 }, user: () => null, group: () => null, homeOf: () => '/' };

it.each(Object.entries(CORPUS))('%s', async (_, each) => {
  const { file = 'ecosystem.config.js', env, apps, warnings = [] } = each;
  const cwd = tempDir(filesOf(each, '', PORT));
  writeFileSync(join(cwd, file), placed(each.text, cwd, PORT));
  const resolved = await resolveApps({
    target: join(cwd, file),
    flags: {},
    appArgs: [],
    env: { PATH: '/usr/bin:/bin' },
    cwd,
    home: '/home/lb',
    cpuBudget: 4,
    umask: 0o022,
    node: '/usr/bin/node',
    users: OWN,
    ...(env === undefined ? {} : { envName: env }),
  });
  expect(resolved.apps).toMatchObject(JSON.parse(placed(JSON.stringify(apps), cwd, PORT)) as Partial<AppSpec>[]);
  expect(resolved.apps).toHaveLength(apps.length);
  expect(resolved.warnings).toEqual(warnings);
});

it('has forty files and more', () => expect(Object.keys(CORPUS).length).toBeGreaterThanOrEqual(40));
