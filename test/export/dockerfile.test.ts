import { validate } from 'dockerfile-utils';
import { expect, it } from 'vitest';
import { dockerfile } from '../../src/export/dockerfile.ts';
import type { ExportRequest } from '../../src/export/export-request.ts';
import { requestOf, webApp } from './sample-request.ts';

const npm: ExportRequest['project'] = { lockedBy: 'npm', hasPackage: true, hasBuildScript: true, dependsOnLb: false };
const jobs = webApp({ name: 'jobs', port: null, healthPort: null });

const CASES: readonly (readonly [string, ExportRequest])[] = [
  ['npm', requestOf([webApp()])],
  ['pnpm, with lb of its own', requestOf([webApp()], {}, { project: { ...npm, lockedBy: 'pnpm', dependsOnLb: true } })],
  ['yarn, two apps', requestOf([webApp(), jobs], {}, { project: { ...npm, lockedBy: 'yarn', hasBuildScript: false }, envName: 'production' })],
  ['no lock file', requestOf([jobs], {}, { project: { ...npm, lockedBy: null } })],
  ['no package.json', requestOf([webApp()], {}, { project: { ...npm, lockedBy: null, hasPackage: false } })],
];

it.each(CASES)('%s', (_, request) => {
  const { text, notes } = dockerfile(request);
  expect(`${text}\nnotes: ${notes.join('; ')}`).toMatchSnapshot();
  expect(validate(text)).toEqual([]);
});

it('the validator sees what is wrong', () => {
  expect(validate(dockerfile(requestOf([webApp()])).text.replace('\nUSER node', '\nUSR node'))).not.toEqual([]);
});

it('refuses what the image would lack', () => {
  const refused = (more: Parameters<typeof webApp>[0]) => () => dockerfile(requestOf([webApp(more)]));
  expect(refused({ script: '/srv/other/server.js' })).toThrow('/srv/other/server.js, which "api" needs, is outside of /srv/shop');
  expect(refused({ cwd: '/srv/shopping' })).toThrow('/srv/shopping');
  expect(refused({ kind: 'command', runner: [], script: '/usr/bin/python3' })).toThrow('is not a Node.js app');
  expect(refused({ interpreter: '/opt/node-18/bin/node' })).toThrow('an interpreter of its own');
});
