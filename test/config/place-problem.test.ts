import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { placeProblem } from '../../src/config/place-problem.ts';

const root = realpathSync(mkdtempSync(join(tmpdir(), 'lb-place-')));
afterAll(() => rmSync(root, { recursive: true }));
writeFileSync(join(root, 'file'), '');
mkdirSync(join(root, 'folder'));

it('a file can be written where it is, and where folders are missing', () => {
  for (const path of ['file', 'new', 'folder/deep/er/new.log']) expect(placeProblem(join(root, path)), path).toBeNull();
  expect(placeProblem('/dev/null')).toBeNull();
});

it('says what is in the way', () => {
  expect(placeProblem(join(root, 'folder'))).toBe('is a directory');
  expect(placeProblem(join(root, 'file/new.log'))).toBe('is below something that is not a directory');
});

it.skipIf(process.getuid?.() === 0)('says that it may not be written', () => {
  mkdirSync(join(root, 'closed'), { mode: 0o500 });
  writeFileSync(join(root, 'closed-file'), '');
  chmodSync(join(root, 'closed-file'), 0o400);
  expect(placeProblem(join(root, 'closed/a/b.log'))).toBe(`cannot be made in ${join(root, 'closed')}, which is not writable`);
  expect(placeProblem(join(root, 'closed-file'))).toBe('is not writable');
});
