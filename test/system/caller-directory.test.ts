import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { callerDirectory } from '../../src/system/caller-directory.ts';

let root = '';
beforeAll(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'lb-dir-')));
  mkdirSync(join(root, 'release-1'));
  symlinkSync(join(root, 'release-1'), join(root, 'current'));
});
afterAll(() => rmSync(root, { recursive: true }));

test('a symbolic link that the shell went through is kept', () => {
  expect(callerDirectory({ PWD: join(root, 'current') }, join(root, 'release-1'))).toBe(join(root, 'current'));
});

test.each([
  ['another directory', () => root],
  ['a missing one', () => join(root, 'gone')],
  ['a relative one', () => 'current'],
])('PWD that names %s is not believed', (_, pwd) => {
  expect(callerDirectory({ PWD: pwd() }, join(root, 'release-1'))).toBe(join(root, 'release-1'));
});

test('without PWD it is what the system says', () => {
  expect(callerDirectory({}, root)).toBe(root);
});
