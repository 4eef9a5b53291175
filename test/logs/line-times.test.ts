import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MARK_BYTES } from '../../src/logs/line-mark.ts';
import { LineTimes, type LineOrigin } from '../../src/logs/line-times.ts';
import { LogFile } from '../../src/logs/log-file.ts';
import { StoredLog } from '../../src/logs/stored-log.ts';
import { all, last, placeAt } from './log-place.ts';

let dir: string;
let path: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'lb-times-'));
  path = join(dir, 'a.log');
});
afterEach(() => rmSync(dir, { recursive: true }));

const NOON = Date.UTC(2026, 0, 1, 12);
const from = (at: number, slot = 0): LineOrigin => ({ at: NOON + at, slot, pid: 100 + slot, stream: 'out' });
const logFile = (maxBytes = 0, keep = 3): LogFile => new LogFile({ path, maxBytes, keep, times: new LineTimes(`${path}-marks`, keep) });
const open = (): StoredLog => new StoredLog(placeAt(path), false, () => {});

async function stored(): Promise<[string, number | null, number | null][]> {
  const log = open();
  const lines = await all(log);
  log.close();
  return lines.map(({ text, at, slot }) => [text, at === null ? null : at - NOON, slot]);
}

describe('LineTimes', () => {
  it('tells when each line came, and from whom, of everything that was kept, however it was rotated', async () => {
    const line = fc.record({ wait: fc.constantFrom(0, 0, 0, 1, 40, 3_000), slot: fc.nat(3), text: fc.stringMatching(/^[a-z]{0,30}$/), flush: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 60 }), fc.constantFrom(0, 60, 200), async (lines, maxBytes) => {
        const file = logFile(maxBytes, 50);
        let at = 0;
        const expected: [string, number, number][] = [];
        for (const { wait, slot, text, flush } of lines) {
          at += wait;
          file.write(`${text}\n`, from(at, slot));
          expected.push([text, at, slot]);
          if (flush) await file.flush();
        }
        await file.close();
        expect(await stored()).toEqual(expected);
        for (const name of await import('node:fs').then(({ readdirSync }) => readdirSync(dir))) rmSync(join(dir, name));
      }),
      { numRuns: 40 },
    );
  });

  it('goes on in the next life of the writer', async () => {
    for (const life of [0, 1]) {
      const file = logFile();
      file.write(`life ${life}\n`, from(life * 5_000, life));
      await file.close();
    }
    expect(await stored()).toEqual([
      ['life 0', 0, 0],
      ['life 1', 5_000, 1],
    ]);
    expect(existsSync(`${path}-marks.1`)).toBe(false);
  });

  it('follows a file that somebody else renames or truncates', async () => {
    const file = logFile();
    file.write('one\n', from(0));
    await file.flush();
    renameSync(path, `${path}.1`);
    await file.reopen();
    file.write('two\n', from(10, 1));
    await file.flush();
    expect(await stored()).toEqual([
      ['one', 0, 0],
      ['two', 10, 1],
    ]);
    await file.close();
    writeFileSync(`${path}.2`, readFileSync(`${path}.1`));
    writeFileSync(`${path}.1`, readFileSync(path));
    truncateSync(path);
    const next = logFile();
    next.write('three\n', from(20, 2));
    await next.close();
    expect((await stored()).slice(-1)).toEqual([['three', 20, 2]]);
  });

  it('names no worker where several wrote within a moment, and takes little room', async () => {
    const file = logFile();
    for (let i = 0; i < 20_000; i++) file.write(`line ${i}\n`, from(i / 10, i % 2));
    await file.close();
    const size = statSync(`${path}-marks`).size;
    expect(size).toBeLessThan(MARK_BYTES * 200);
    for (const [text, at, slot] of await stored()) {
      const number = Number(text.slice(5));
      expect(Math.abs((at ?? Infinity) - number / 10), text).toBeLessThanOrEqual(1_000);
      expect([number % 2, null], text).toContain(slot);
    }
  });

  it('costs no line when the marks cannot be written', async () => {
    const file = new LogFile({ path, maxBytes: 0, keep: 1, times: new LineTimes(join(path, 'below-a-file'), 1) });
    file.write('one\n', from(0));
    await file.close();
    expect(readFileSync(path, 'utf8')).toBe('one\n');
  });

  it('merges files by the times of their lines, and gives untimed lines that of the line before', async () => {
    const other = join(dir, 'b.log');
    writeFileSync(other, `2026-01-01T12:00:00.050Z first\n  at a stack\n2026-01-01T12:00:00.150Z second\n`);
    const file = logFile();
    for (const at of [0, 100, 200]) file.write(`at ${at}\n`, from(at));
    await file.close();
    const logs = [open(), new StoredLog(placeAt(other), false, () => {})];
    const texts = async (count: number): Promise<string[]> => (await last(logs, count)).map(({ text }) => text.replace(/^2026\S+ /, ''));
    expect(await texts(9)).toEqual(['at 0', 'first', '  at a stack', 'at 100', 'second', 'at 200']);
    expect(await texts(4)).toEqual(['  at a stack', 'at 100', 'second', 'at 200']);
    for (const log of logs) log.close();
  });
});
