import { join } from 'node:path';
import { expect, it } from 'vitest';
import { findScript, foreignInterpreters, nameOfScript } from '../../src/config/script.ts';
import { tempDir } from './temp-dir.ts';

const FILES = {
  'app.js': '',
  'esm.mjs': '',
  'common.cjs': '',
  'typed.ts': '',
  'data.json': '',
  'bin/no-extension': '',
  'with-main/package.json': '{"main": "lib/start"}',
  'with-main/lib/start.js': '',
  'with-main-dir/package.json': '{"main": "./lib/"}',
  'with-main-dir/lib/index.js': '',
  'broken-package/package.json': 'oops',
  'broken-package/index.mjs': '',
  'empty/readme.md': '',
  'both.js': '',
  'both/index.js': '',
};

it.each([
  ['app.js', 'app.js'],
  ['./app', 'app.js'],
  ['esm', 'esm.mjs'],
  ['common', 'common.cjs'],
  ['typed', 'typed.ts'],
  ['bin/no-extension', 'bin/no-extension'],
  ['with-main', 'with-main/lib/start.js'],
  ['with-main-dir', 'with-main-dir/lib/index.js'],
  ['broken-package', 'broken-package/index.mjs'],
  ['both', 'both.js'],
])('%s is %s', async (script, file) => {
  const directory = tempDir(FILES);
  expect(await findScript(script, directory)).toBe(join(directory, file));
  expect(await findScript(join(directory, script), '/')).toBe(join(directory, file));
});

it.each(['nothing', 'data', 'empty', 'npm start', 'a\0b', 'app.js/x'])('%j is no script', async (script) => {
  expect(await findScript(script, tempDir(FILES))).toBeUndefined();
});

it('names an app after its script', () => {
  expect(nameOfScript('/srv/api/dist/server.js')).toBe('server');
  expect(nameOfScript('my.api.mjs')).toBe('my.api');
  expect(nameOfScript('index')).toBe('index');
});

it('knows the scripts of other languages', () => {
  expect(foreignInterpreters('worker.py')).toEqual(['python3', 'python']);
  expect(foreignInterpreters('app.ts')).toEqual([]);
});
