import { appendFileSync, mkdtempSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FollowedLog } from '../../src/logs/followed-log.ts';
import { LineTimes } from '../../src/logs/line-times.ts';
import { LogFile } from '../../src/logs/log-file.ts';
import { closeParts, openParts } from '../../src/logs/log-parts.ts';
import { MarkIndex } from '../../src/logs/mark-index.ts';
import { StoredLog } from '../../src/logs/stored-log.ts';
import { all, placeAt } from './log-place.ts';

let dir: string;
let path: string;
let problems: string[];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'lb-follow-'));
  path = join(dir, 'a.log');
  problems = [];
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** Reads what is there, and follows. */
async function follow(): Promise<{ readonly past: string[]; readonly next: (now?: number) => Promise<string[]>; readonly close: () => void }> {
  const log = new StoredLog(placeAt(path), true, (problem) => problems.push(problem));
  const past = (await all(log)).map(({ text }) => text);
  log.close(log.last);
  const followed = new FollowedLog(log.place, log.last, (problem) => problems.push(problem));
  return { past, next: async (now = 0) => (await followed.poll(now)).map(({ text }) => text), close: () => followed.close() };
}

describe('FollowedLog', () => {
  it('takes no time from the marks of another file', async () => {
    const file = new LogFile({ path, maxBytes: 0, keep: 1, times: new LineTimes(`${path}-marks`, 100) });
    file.write('old\n', { at: 1_000, slot: 0, pid: 1, stream: 'out' });
    await file.close();
    const log = new StoredLog(placeAt(path), true, (problem) => problems.push(problem));
    const part = openParts(path, log.place.marks)[0];
    expect(part?.marks).not.toBeNull();
    if (part === undefined) return;
    const own = MarkIndex.of(part);
    expect(own?.at(0)?.at).toBe(1_000);
    own?.close();
    expect(MarkIndex.of({ ...part, inode: part.inode + 1 })).toBeNull();
    closeParts([part]);
    log.close(null);
  });

  it('keeps the order of the file, also where the clock was set back', async () => {
    const file = new LogFile({ path, maxBytes: 0, keep: 1, times: new LineTimes(`${path}-marks`, 100) });
    const log = new StoredLog(placeAt(path), true, (problem) => problems.push(problem));
    const followed = new FollowedLog(log.place, null, (problem) => problems.push(problem));
    for (const at of [2_000, 1_000, 3_000]) {
      file.write(`at ${at}\n`, { at, slot: 0, pid: 1, stream: 'out' });
      await file.flush();
    }
    await file.close();
    const lines = await followed.poll(0);
    followed.close();
    expect(lines.map(({ at }) => at)).toEqual([2_000, 1_000, 3_000]);
    expect(lines.map(({ order }) => order)).toEqual([2_000, 2_000, 3_000]);
  });

  it('goes on where the past ended, without a gap or a double, through every rotation', async () => {
    const step = fc.constantFrom('write', 'flood', 'poll', 'flush');
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), fc.array(step, { maxLength: 60 }), fc.constantFrom(0, 100, 1000), async (before, after, maxBytes) => {
        rmSync(dir, { recursive: true, force: true });
        problems = [];
        const file = new LogFile({ path, maxBytes, keep: 100, times: new LineTimes(`${path}-marks`, 100) });
        let written = 0;
        const write = (): void => {
          file.write(`line ${written}\n`, { at: written, slot: 0, pid: 1, stream: 'out' });
          written++;
        };
        const play = async (steps: readonly string[], poll: () => Promise<void>): Promise<void> => {
          for (const each of steps) {
            if (each === 'poll') await poll();
            else if (each === 'flush') await file.flush();
            else for (let i = 0; i < (each === 'flood' ? 40 : 1); i++) write();
          }
        };
        await play(before, async () => {});
        const { past, next, close } = await follow();
        const seen = [...past];
        await play(after, async () => void seen.push(...(await next())));
        await file.close();
        seen.push(...(await next()));
        close();
        expect(seen).toEqual(Array.from({ length: written }, (_, i) => `line ${i}`));
        expect(problems).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });

  it('waits for a file that is not there, and for the end of a line', async () => {
    const { past, next, close } = await follow();
    expect(past).toEqual([]);
    expect(await next()).toEqual([]);
    writeFileSync(path, 'one\ntw');
    expect(await next(0)).toEqual(['one']);
    appendFileSync(path, 'o\nContinue? ');
    expect(await next(500)).toEqual(['two']);
    expect(await next(1_400)).toEqual([]);
    expect(await next(1_600)).toEqual(['Continue? ']);
    appendFileSync(path, 'yes\n');
    expect(await next(1_700)).toEqual(['yes']);
    close();
  });

  it('leaves an incomplete last line to those who follow', async () => {
    writeFileSync(path, 'one\ntw');
    const { past, next, close } = await follow();
    expect(past).toEqual(['one']);
    appendFileSync(path, 'o\n');
    expect(await next()).toEqual(['two']);
    close();
  });

  it('begins anew in a file that was truncated, and goes over to one that replaced it', async () => {
    writeFileSync(path, 'one\n');
    const { next, close } = await follow();
    truncateSync(path);
    appendFileSync(path, '2\n');
    expect(await next()).toEqual(['2']);
    renameSync(path, join(dir, 'moved-by-somebody'));
    appendFileSync(join(dir, 'moved-by-somebody'), 'late\n');
    writeFileSync(path, 'three\n');
    expect(await next()).toEqual(['late', 'three']);
    close();
    expect(problems).toEqual([]);
  });

  it('says when files were rotated away before they were read', async () => {
    const file = new LogFile({ path, maxBytes: 20, keep: 1 });
    file.write('first\n');
    await file.flush();
    const { next, close } = await follow();
    for (let i = 0; i < 40; i++) {
      file.write(`line ${i}\n`);
      await file.flush();
    }
    await file.close();
    const seen = await next();
    expect(seen.at(-1)).toBe('line 39');
    expect(problems).toEqual([expect.stringContaining('rotated faster than it was read')]);
    close();
  });
});
