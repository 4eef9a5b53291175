import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { moveFile } from '../../src/system/move-file.ts';
import { tempHome } from '../daemon/temp-home.ts';

it.each([
  ['here', tempHome],
  ['on another file system', () => '/dev/shm'],
])('moves a file that replaces another, %s', async (_, directory) => {
  const from = join(tempHome(), 'from');
  const to = join(directory(), `lb-moved-${process.pid}`);
  writeFileSync(from, 'new');
  writeFileSync(to, 'old');
  await moveFile(from, to);
  expect([readFileSync(to, 'utf8'), existsSync(from)]).toEqual(['new', false]);
  await moveFile(to, from);
  expect([readFileSync(from, 'utf8'), existsSync(to)]).toEqual(['new', false]);
});

it('leaves the file where it is when it cannot go', async () => {
  const from = join(tempHome(), 'from');
  writeFileSync(from, 'new');
  await expect(moveFile(from, '/nonexistent/to')).rejects.toThrow('ENOENT');
  expect(readFileSync(from, 'utf8')).toBe('new');
});
