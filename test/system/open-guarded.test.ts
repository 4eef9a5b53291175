import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { appendGuarded, appendToGuarded, openGuarded, readGuarded } from '../../src/system/open-guarded.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'lb-guarded-'));
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(dir, { recursive: true });
});

it('reads and appends to files of ours', async () => {
  const path = join(dir, 'file');
  await appendToGuarded(path, 'one\n');
  const fd = appendGuarded(path);
  writeSync(fd, 'two\n');
  closeSync(fd);
  expect(readGuarded(path)).toBe('one\ntwo\n');
  closeSync(openGuarded(path));
});

it('follows no link, so nothing is written elsewhere', async () => {
  const [target, link] = [join(dir, 'target'), join(dir, 'link')];
  writeFileSync(target, 'mine');
  symlinkSync(target, link);
  const refused = `${link} is a symbolic link, which is not followed here`;
  expect(() => readGuarded(link)).toThrow(refused);
  expect(() => appendGuarded(link)).toThrow(refused);
  await expect(appendToGuarded(link, 'theirs')).rejects.toThrow(refused);
  expect(readFileSync(target, 'utf8')).toBe('mine');
});

it('takes nothing but a regular file, and waits for no pipe', async () => {
  const pipe = join(dir, 'pipe');
  execFileSync('mkfifo', [pipe]);
  expect(() => readGuarded(pipe)).toThrow(`${pipe} is not a regular file`);
  await expect(appendToGuarded(pipe, '')).rejects.toThrow();
  expect(() => readGuarded(join(dir, 'missing'))).toThrow(expect.objectContaining({ code: 'ENOENT' }));
});

it("takes no other user's file", { tags: ['ordinary'] }, () => {
  const path = join(dir, 'file');
  writeFileSync(path, '');
  const uid = process.getuid?.() ?? 0;
  vi.spyOn(process, 'getuid').mockReturnValue(uid + 1);
  expect(() => readGuarded(path)).toThrow(`${path} belongs to user ${uid}`);
});
