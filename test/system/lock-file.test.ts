import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync, existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { acquireLockFile } from '../../src/system/lock-file.ts';
import { startTimeOf } from '../../src/system/processes.ts';

let dir: string;
let path: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'lb-lock-file-'));
  path = join(dir, 'a.lock');
});
afterEach(() => rmSync(dir, { recursive: true }));

describe('acquireLockFile', () => {
  it('is held until it is released', () => {
    const lock = acquireLockFile(path);
    expect(lock).not.toBeNull();
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(acquireLockFile(path)).toBeNull();
    lock?.release();
    expect(existsSync(path)).toBe(false);
    acquireLockFile(path)?.release();
  });

  it.each([
    ['of a process that is gone', `${2 ** 22 + 1} 5`],
    ['of an earlier process with the pid of a living one', `${process.pid} ${(startTimeOf(process.pid) ?? 0) + 1}`],
    ['that is empty', ''],
    ['with nonsense', 'x y'],
  ])('takes over a file %s', (_, content) => {
    writeFileSync(path, content);
    const lock = acquireLockFile(path);
    expect(lock).not.toBeNull();
    lock?.release();
  });

  it('does not remove the lock of another', () => {
    const lock = acquireLockFile(path);
    writeFileSync(path, '1 1');
    lock?.release();
    expect(readFileSync(path, 'utf8')).toBe('1 1');
  });
});
