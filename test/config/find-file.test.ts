import { join } from 'node:path';
import { expect, it } from 'vitest';
import { findConfigFile, isConfigFile } from '../../src/config/find-file.ts';
import { tempDir } from './temp-dir.ts';

it.each(['lb.config.ts', 'ecosystem.config.js', 'deploy/prod.config.cjs', 'processes.json', 'apps.yaml', 'apps.YML', 'package.json'])(
  '%s is a config file',
  (target) => expect(isConfigFile(target)).toBe(true),
);

it.each(['server.js', 'config.js', '.', 'dist', 'app.config', 'config/index.js', 'api'])('%s is a script', (target) =>
  expect(isConfigFile(target)).toBe(false),
);

it('prefers lb.config.* to ecosystem.config.* to package.json', () => {
  const files = { 'ecosystem.config.js': '', 'lb.config.yaml': '', 'package.json': '{"pm2": []}' };
  const directory = tempDir(files);
  expect(findConfigFile(directory)).toBe(join(directory, 'lb.config.yaml'));
  const withoutOwn = tempDir({ 'ecosystem.config.js': '', 'lb.config.yaml/a': '', 'package.json': '{"pm2": []}' });
  expect(findConfigFile(withoutOwn)).toBe(join(withoutOwn, 'ecosystem.config.js'));
});

it('takes package.json only when it has apps', () => {
  const directory = tempDir({ 'package.json': '{"lb": {"script": "a.js"}}' });
  expect(findConfigFile(directory)).toBe(join(directory, 'package.json'));
  expect(findConfigFile(tempDir({ 'package.json': '{"name": "x"}' }))).toBeUndefined();
  expect(findConfigFile(tempDir({ 'package.json': 'not json' }))).toBeUndefined();
  expect(findConfigFile(tempDir())).toBeUndefined();
});
