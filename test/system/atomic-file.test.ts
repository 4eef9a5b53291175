import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeFileAtomic } from '../../src/system/atomic-file.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'lb-atomic-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

describe('writeFileAtomic', () => {
  it('creates and replaces a file that only we can read', async () => {
    const path = join(dir, 'state.json');
    await writeFileAtomic(path, 'one');
    await writeFileAtomic(path, Buffer.from('two'));
    expect(readFileSync(path, 'utf8')).toBe('two');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(dir)).toEqual(['state.json']);
  });

  it('shows no reader a part of it', async () => {
    const path = join(dir, 'state.json');
    const texts = ['a', 'b', 'c'].map((letter) => letter.repeat(300_000));
    writeFileSync(path, texts[0] ?? '');
    const seen = new Set<string>();
    let done = false;
    const writing = Promise.all(texts.map((text) => writeFileAtomic(path, text))).finally(() => {
      done = true;
    });
    while (!done) {
      seen.add(readFileSync(path, 'utf8'));
      await new Promise(setImmediate);
    }
    await writing;
    for (const text of seen) expect(texts).toContain(text);
    expect(readdirSync(dir)).toEqual(['state.json']);
  });

  it('leaves nothing behind when it fails', async () => {
    const path = join(dir, 'taken');
    mkdirSync(join(path, 'by-a-directory'), { recursive: true });
    await expect(writeFileAtomic(path, 'x')).rejects.toThrow();
    expect(readdirSync(dir)).toEqual(['taken']);
    await expect(writeFileAtomic(join(dir, 'no', 'where'), 'x')).rejects.toThrow('ENOENT');
  });
});
