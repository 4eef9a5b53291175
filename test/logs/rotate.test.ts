import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { compressFiles, shiftFiles } from '../../src/logs/rotate.ts';

let dir: string;
let path: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'lb-rotate-'));
  path = join(dir, 'a.log');
});
afterEach(() => rmSync(dir, { recursive: true }));

async function rotate(keep: number, content: string): Promise<void> {
  writeFileSync(path, content);
  await shiftFiles(path, keep);
  await compressFiles(path, keep);
}

function content(name: string): string {
  const bytes = readFileSync(join(dir, name));
  return (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString();
}

describe('rotation', () => {
  it('keeps so many files, the newest plain', async () => {
    for (const number of [1, 2, 3, 4, 5]) await rotate(3, `run ${number}`);
    expect(
      readdirSync(dir)
        .sort()
        .map((name) => [name, content(name)]),
    ).toEqual([
      ['a.log.1', 'run 5'],
      ['a.log.2.gz', 'run 4'],
      ['a.log.3.gz', 'run 3'],
    ]);
  });

  it('keeps none with 0 and a plain one with 1', async () => {
    await rotate(0, 'gone');
    expect(readdirSync(dir)).toEqual([]);
    for (const number of [1, 2]) await rotate(1, `run ${number}`);
    expect(readdirSync(dir).map((name) => [name, content(name)])).toEqual([['a.log.1', 'run 2']]);
  });

  it('removes what is too many when fewer are to be kept than before', async () => {
    for (const number of [1, 2, 3, 4, 5]) await rotate(4, `run ${number}`);
    await rotate(2, 'run 6');
    expect(
      readdirSync(dir)
        .sort()
        .map((name) => [name, content(name)]),
    ).toEqual([
      ['a.log.1', 'run 6'],
      ['a.log.2.gz', 'run 5'],
    ]);
    await rotate(0, 'run 7');
    expect(readdirSync(dir)).toEqual([]);
  });

  it('takes up what a run that was cut short has left', async () => {
    writeFileSync(`${path}.2`, 'not gzipped');
    writeFileSync(`${path}.2.gz.tmp`, gzipSync('not gz').subarray(0, 9));
    writeFileSync(`${path}.1`, 'before');
    await rotate(4, 'now');
    expect(['a.log.1', 'a.log.2.gz', 'a.log.3.gz'].map(content)).toEqual(['now', 'before', 'not gzipped']);
    expect(readdirSync(dir).sort()).toEqual(['a.log.1', 'a.log.2.gz', 'a.log.3.gz']);
  });

  it('keeps the plain file when it cannot be gzipped', async () => {
    writeFileSync(`${path}.2`, 'precious');
    mkdirSync(`${path}.2.gz.tmp`);
    await expect(compressFiles(path, 2)).rejects.toThrow();
    expect(content('a.log.2')).toBe('precious');
  });
});
