import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { lastLines } from '../../src/logs/last-lines.ts';
import { distinctPlaces, logsOf } from '../../src/logs/log-places.ts';
import { StoredLog } from '../../src/logs/stored-log.ts';
import { all, last, placeAt } from './log-place.ts';

const dir = mkdtempSync(join(tmpdir(), 'lb-stored-'));
const path = join(dir, 'a.log');
let problems: string[] = [];
beforeEach(() => {
  problems = [];
  rmSync(dir, { recursive: true });
  mkdirSync(dir);
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const open = (): StoredLog => new StoredLog(placeAt(path), false, (problem) => problems.push(problem));
const texts = (lines: readonly { readonly text: string }[]): string[] => lines.map(({ text }) => text);

describe('StoredLog', () => {
  it('gives exactly the last lines, through rotated and compressed files', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(fc.stringMatching(/^[ -~]{0,20}$/), { maxLength: 20 }), { maxLength: 5 }), fc.nat(60), async (files, count) => {
        rmSync(dir, { recursive: true });
        mkdirSync(dir);
        for (const [index, lines] of files.entries()) {
          const number = files.length - 1 - index;
          const text = lines.map((line) => `${line}\n`).join('');
          writeFileSync(number === 0 ? path : `${path}.${number}${number > 1 ? '.gz' : ''}`, number > 1 ? gzipSync(text) : text);
        }
        const log = open();
        const lines = files.flat();
        expect(texts(await last([log], count))).toEqual(count === 0 ? [] : lines.slice(-count));
        const isEven = ({ text }: { text: string }): boolean => text.length % 2 === 0;
        expect(texts(await last([log], count, isEven))).toEqual(count === 0 ? [] : lines.filter((text) => text.length % 2 === 0).slice(-count));
        expect(texts(await all(log))).toEqual(lines);
        log.close();
        expect(problems).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });

  it('reads a compressed file backwards that is larger than memory should hold', async () => {
    const lines = Array.from({ length: 300_000 }, (_, i) => `line ${i} ${'x'.repeat(60)}`);
    writeFileSync(`${path}.2.gz`, gzipSync(`${lines.join('\n')}\n`));
    const log = open();
    expect(texts(await last([log], 2))).toEqual(lines.slice(-2));
    log.close();
  });

  it('takes the files of a logrotate with dates too, and leaves out what is none of the log', async () => {
    for (const [name, text] of [
      ['a.log-20261127.gz', 'old'],
      ['a.log-20261128', 'newer'],
      ['a.log.1', 'newest'],
      ['a.log.1.bak', 'foreign'],
      ['a.log.2.gz.tmp', 'half'],
      ['a.log', 'now'],
    ] as const)
      writeFileSync(join(dir, name), name.endsWith('.gz') ? gzipSync(`${text}\n`) : `${text}\n`);
    const log = open();
    expect(texts(await all(log))).toEqual(['old', 'newer', 'newest', 'now']);
    log.close();
  });

  it('reads the rotated files beside the target of a link, and a file that two apps reach by different paths once', async () => {
    mkdirSync(join(dir, 'target'));
    writeFileSync(join(dir, 'target', 'b.log.1'), 'old\n');
    writeFileSync(join(dir, 'target', 'b.log'), 'new\n');
    symlinkSync(join(dir, 'target', 'b.log'), path);
    const log = open();
    expect(texts(await all(log))).toEqual(['old', 'new']);
    log.close();
    expect(distinctPlaces([placeAt(path), placeAt(join(dir, 'target', 'b.log'), { app: 'b' })])).toMatchObject([{ app: 'a+b' }]);
  });

  it('says which file cannot be read, and reads the others', async () => {
    writeFileSync(`${path}.2.gz`, 'this is no gzip');
    writeFileSync(path, 'one\n');
    const log = open();
    expect(texts(await last([log], 5))).toEqual(['one']);
    expect(problems).toEqual([expect.stringContaining(`${path}.2.gz cannot be read`)]);
    log.close();
  });

  it('is empty where there is no file yet', async () => {
    const log = open();
    expect(await last([log], 5)).toEqual([]);
    expect(log.last).toBeNull();
  });
});

describe('logsOf', () => {
  const app = { name: 'a', outFile: path, errorFile: join(dir, 'e.log'), mergeLogs: true };

  it('finds the files of all slots, and what is in memory only', () => {
    for (const name of ['a-0.log', 'a-12.log', 'a-x.log', 'a-0.log.1']) writeFileSync(join(dir, name), '');
    expect(logsOf({ ...app, mergeLogs: false, errorFile: null }, dir)).toMatchObject({
      places: [
        { path: join(dir, 'a-0.log'), slot: 0, stream: 'out' },
        { path: join(dir, 'a-12.log'), slot: 12, stream: 'out' },
      ],
      inMemory: ['err'],
    });
    expect(logsOf({ ...app, outFile: '/dev/null' }, dir)).toMatchObject({ places: [{ stream: 'err' }], inMemory: ['out'] });
    expect(logsOf({ ...app, outFile: dir }, dir).inMemory).toEqual(['out']);
    expect(logsOf({ ...app, outFile: 'journal' }, dir)).toMatchObject({ places: [{ stream: 'err' }], inMemory: ['out'] });
    symlinkSync('/dev/stdout', join(dir, 'link'));
    expect(logsOf({ ...app, outFile: join(dir, 'link') }, dir).inMemory).toEqual(['out']);
  });

  it('reads a file with both streams once, and one of several apps once', () => {
    expect(logsOf({ ...app, errorFile: path }, dir).places).toMatchObject([{ stream: null, path }]);
    const places = [app, { ...app, name: 'b' }].flatMap((each) => logsOf(each, dir).places);
    expect(distinctPlaces(places)).toMatchObject([
      { app: 'a+b', path, marks: null },
      { app: 'a+b', path: app.errorFile, marks: null },
    ]);
  });

  it('gives the last lines of an app at once', async () => {
    writeFileSync(path, '2026-01-01T00:00:01Z one\n2026-01-01T00:00:03Z three\n');
    writeFileSync(app.errorFile, '2026-01-01T00:00:02Z two\n');
    expect((await lastLines(app, dir, 2)).map(({ text, stream }) => `${stream} ${text.slice(21)}`)).toEqual(['err two', 'out three']);
  });
});
