import { randomBytes } from 'node:crypto';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { LogFile, type LogFileOptions } from '../../src/logs/log-file.ts';
import { acquireLock } from '../../src/system/lock.ts';

let dir: string;
let path: string;
let problems: string[];
const files: LogFile[] = [];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'lb-log-'));
  path = join(dir, 'logs', 'a.log');
  problems = [];
});
afterEach(async () => {
  await Promise.all(files.splice(0).map((file) => file.close()));
  rmSync(dir, { recursive: true, force: true });
});

function logFile(options: Partial<LogFileOptions> = {}): LogFile {
  const file = new LogFile({ path, maxBytes: 0, keep: 5, retryMs: 5, onProblem: (message) => problems.push(message), ...options });
  files.push(file);
  return file;
}

/** Everything in the current and the rotated files, oldest first. */
function everything(): string {
  const number = (name: string): number => Number(/\.(\d+)(\.gz)?$/.exec(name)?.[1] ?? 0);
  const names = readdirSync(join(dir, 'logs')).sort((a, b) => number(b) - number(a));
  return names.map((name) => contentOf(name)).join('');
}

function contentOf(name: string): string {
  const bytes = readFileSync(join(dir, 'logs', name));
  return (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString();
}

describe('LogFile', () => {
  it('creates file and directory for us alone, and appends', async () => {
    const file = logFile();
    expect(file.write('one\n')).toBe(true);
    expect(file.write(Buffer.from('two\n'))).toBe(true);
    expect(file.pendingBytes).toBe(8);
    await file.flush();
    expect(file.pendingBytes).toBe(0);
    await file.close();
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(join(dir, 'logs')).mode & 0o777).toBe(0o700);

    const again = logFile();
    again.write('three\n');
    await again.close();
    expect(readFileSync(path, 'utf8')).toBe('one\ntwo\nthree\n');
    expect(problems).toEqual([]);
  });

  it('touches nothing before something is written', async () => {
    const file = logFile();
    await file.flush();
    await file.reopen();
    await file.close();
    expect(readdirSync(dir)).toEqual([]);
  });

  it('loses no line and cuts none when it rotates', async () => {
    const line = fc.string({ unit: 'grapheme', maxLength: 120 }).map((text) => text.replaceAll('\n', ' '));
    const step = fc.record({ lines: fc.array(line, { minLength: 1, maxLength: 5 }), wait: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 8 }), fc.integer({ min: 1, max: 600 }), async (steps, maxBytes) => {
        rmSync(join(dir, 'logs'), { recursive: true, force: true });
        mkdirSync(join(dir, 'logs'));
        const file = logFile({ maxBytes, keep: 200 });
        let written = '';
        for (const { lines, wait } of steps) {
          const text = lines.map((each) => `${each}\n`).join('');
          file.write(text);
          written += text;
          if (wait) await file.flush();
        }
        await file.close();
        expect(everything()).toBe(written);
        for (const name of readdirSync(join(dir, 'logs'))) {
          const content = contentOf(name);
          expect(content.endsWith('\n')).toBe(true);
          expect(name).toMatch(/^a\.log(\.1|\.\d+\.gz)?$/);
          // Twice the limit while an older one is being gzipped; a single line may be longer.
          expect(Buffer.byteLength(content) <= 2 * maxBytes || content.indexOf('\n') === content.length - 1).toBe(true);
        }
      }),
      { numRuns: 40 },
    );
    expect(problems).toEqual([]);
  }, 30_000);

  it('loses no line of a flood that fills files faster than they are gzipped', async () => {
    const file = logFile({ maxBytes: 1_000_000, keep: 30 });
    let lines = 0;
    while (lines < 3000) {
      if (!file.write(`${lines++} ${randomBytes(4000).toString('base64')}\n`)) await new Promise<void>((resolve) => file.onDrain(resolve));
    }
    await file.close();
    const numbers = everything()
      .split('\n')
      .slice(0, -1)
      .map((line) => Number(line.split(' ')[0]));
    expect(numbers).toEqual(Array.from({ length: lines }, (_, i) => i));
    expect(file.droppedBytes).toBe(0);
  });

  it('reopens when it is asked to in the middle of a write', async () => {
    const file = logFile();
    file.write('one\n');
    await file.flush();
    renameSync(path, `${path}.1`);
    file.write('two\n');
    await file.reopen();
    expect(readdirSync(join(dir, 'logs')).sort()).toEqual(['a.log', 'a.log.1']);
    expect(everything()).toBe('one\ntwo\n');
  });

  it('does not cut a line that was begun before the file was opened again', async () => {
    const file = logFile({ maxBytes: 10 });
    file.write('aaaaaaaa');
    await file.reopen();
    file.write('bbbb\ncccc\n');
    await file.close();
    expect(contentOf('a.log.1')).toBe('aaaaaaaabbbb\n');
    expect(contentOf('a.log')).toBe('cccc\n');
  });

  it('keeps the number of files it was told', async () => {
    const file = logFile({ maxBytes: 20, keep: 2 });
    for (let i = 0; i < 10; i++) {
      file.write(`line number ${i}\n`);
      await file.flush();
    }
    await file.close();
    const names = readdirSync(join(dir, 'logs')).sort();
    expect(names).toEqual(['a.log', 'a.log.1', 'a.log.2.gz']);
    expect(contentOf('a.log')).toContain('line number 9\n');
  });

  it('asks to pause at 4 MiB, calls when there is room, and is bounded for a source that does not pause', async () => {
    const file = logFile();
    const line = `${'x'.repeat(1023)}\n`;
    let written = 0;
    while (file.write(line)) written += line.length;
    expect(written).toBe(4 * 1024 * 1024);
    const drained = new Promise<void>((resolve) => file.onDrain(resolve));
    while (file.droppedBytes === 0) file.write(line);
    expect(file.pendingBytes).toBe(8 * 1024 * 1024);
    await drained;
    expect(file.pendingBytes).toBeLessThanOrEqual(1024 * 1024);
    await file.close();
    expect(statSync(path).size).toBe(8 * 1024 * 1024);
    expect(file.droppedBytes).toBe(line.length);
  });

  it('calls onDrain at once when nothing waits, but not from within', async () => {
    const file = logFile();
    let called = false;
    file.onDrain(() => {
      called = true;
    });
    expect(called).toBe(false);
    await Promise.resolve();
    expect(called).toBe(true);
  });

  it('reopens for an external rotation', async () => {
    const file = logFile();
    file.write('old\n');
    await file.flush();
    renameSync(path, `${path}.moved`);
    await file.reopen();
    file.write('new\n');
    await file.flush();
    expect(contentOf('a.log.moved')).toBe('old\n');
    expect(contentOf('a.log')).toBe('new\n');
  });

  it('reopens and flushes while a flood goes on', async () => {
    const file = logFile();
    let stop = false;
    let lines = 0;
    const flood = (async () => {
      while (!stop) {
        for (let i = 0; i < 100; i++) file.write(`line ${lines++}\n`);
        await new Promise(setImmediate);
      }
    })();
    await file.flush();
    renameSync(path, `${path}.9`);
    await file.reopen();
    await file.flush();
    stop = true;
    await flood;
    await file.close();
    expect(contentOf('a.log').length).toBeGreaterThan(0);
    expect(everything()).toBe(Array.from({ length: lines }, (_, i) => `line ${i}\n`).join(''));
  });

  it('notices by itself that the file was removed', async () => {
    const file = logFile();
    file.write('old\n');
    await file.flush();
    rmSync(path);
    await vi.waitFor(
      async () => {
        file.write('new\n');
        await file.flush();
        expect(statSync(path).size).toBeGreaterThan(0);
      },
      { timeout: 5000, interval: 50 },
    );
    expect(problems).toEqual([]);
  });

  it('does not rotate what was truncated in place as if it were full', async () => {
    const file = logFile({ maxBytes: 1000 });
    file.write(`${'x'.repeat(900)}\n`);
    await file.flush();
    truncateSync(path, 0);
    file.write(`${'y'.repeat(200)}\n`);
    await file.flush();
    expect(readdirSync(join(dir, 'logs'))).toEqual(['a.log']);
    expect(everything()).toBe(`${'y'.repeat(200)}\n`);
  });

  it('lets two on the same path rotate without losing a line', async () => {
    const one = logFile({ maxBytes: 100, keep: 50 });
    const two = logFile({ maxBytes: 100, keep: 50 });
    for (let i = 0; i < 30; i++) {
      one.write(`one ${i}\n`);
      two.write(`two ${i}\n`);
      await Promise.all([one.flush(), two.flush()]);
    }
    await Promise.all([one.close(), two.close()]);
    expect(everything().split('\n').length - 1).toBe(60);
  });

  it('does not rotate the file that another on the same path has just begun', async () => {
    const one = logFile({ maxBytes: 100 });
    const two = logFile({ maxBytes: 100 });
    for (const [file, bytes] of [
      [one, 40],
      [two, 40],
      [two, 21],
      [one, 61],
    ] as const) {
      file.write(`${'x'.repeat(bytes - 1)}\n`);
      await file.flush();
    }
    expect(readdirSync(join(dir, 'logs')).sort()).toEqual(['a.log', 'a.log.1']);
    expect([contentOf('a.log.1').length, contentOf('a.log').length]).toEqual([80, 82]);
  });

  it('keeps mode and owner of the file when it rotates, also of what is gzipped', async () => {
    mkdirSync(join(dir, 'logs'));
    writeFileSync(path, '');
    chmodSync(path, 0o640);
    if (process.getuid?.() === 0) chownSync(path, 0, 4);
    const { uid, gid } = statSync(path);
    const file = logFile({ maxBytes: 20, keep: 3 });
    for (let i = 0; i < 6; i++) {
      file.write(`line number ${i}\n`);
      await file.flush();
    }
    await file.close();
    const names = readdirSync(join(dir, 'logs')).sort();
    expect(names).toEqual(['a.log', 'a.log.1', 'a.log.2.gz', 'a.log.3.gz']);
    for (const name of names) expect(statSync(join(dir, 'logs', name)), name).toMatchObject({ mode: 0o100640, uid, gid });
  });

  it('rotates the file behind a link in the folder of that file, and leaves the link alone', async () => {
    mkdirSync(join(dir, 'real'));
    mkdirSync(join(dir, 'logs'));
    symlinkSync('../real/b.log', path);
    const file = logFile({ maxBytes: 20, keep: 5 });
    for (let i = 0; i < 3; i++) {
      file.write(`line number ${i}\n`);
      await file.flush();
    }
    await file.close();
    expect(readlinkSync(path)).toBe('../real/b.log');
    expect(readdirSync(join(dir, 'logs'))).toEqual(['a.log']);
    expect(readdirSync(join(dir, 'real')).sort()).toEqual(['b.log', 'b.log.1', 'b.log.2.gz']);
  });

  it('never rotates a file that a device leads to', async () => {
    const target = join(dir, 'stdout.log');
    writeFileSync(target, '');
    const fd = openSync(target, 'a');
    const file = logFile({ path: `/proc/self/fd/${fd}`, maxBytes: 10 });
    for (const line of ['much more than ten bytes\n', 'and more\n']) {
      file.write(line);
      await file.flush();
    }
    await file.close();
    closeSync(fd);
    expect(readdirSync(dir)).toEqual(['stdout.log']);
    expect(readFileSync(target, 'utf8')).toBe('much more than ten bytes\nand more\n');
  });

  it('writes everything after a rename by someone else to the new file, and what it finds begun it ends', async () => {
    const file = logFile();
    file.write('one\n');
    await file.flush();
    renameSync(path, `${path}.1`);
    writeFileSync(path, 'left without an end');
    file.write('two\n');
    await file.flush();
    writeFileSync(path, 'of another process', { flag: 'a' });
    file.write('three\n');
    await file.flush();
    await file.close();
    expect(contentOf('a.log.1')).toBe('one\n');
    expect(contentOf('a.log')).toBe('left without an end\ntwo\nof another process\nthree\n');
  });

  it('waits while another process rotates the file, and rotates it afterwards', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    onTestFinished(() => void vi.useRealTimers());
    const file = logFile({ maxBytes: 20 });
    file.write('first line of all\n');
    await file.flush();
    const lock = await acquireLock(`rotation of ${realpathSync(path)}`);
    file.write('written to the full file\n');
    await file.flush();
    expect(readdirSync(join(dir, 'logs'))).toEqual(['a.log']);
    lock?.release();
    vi.advanceTimersByTime(110);
    file.write('after it\n');
    await file.close();
    expect(contentOf('a.log.1')).toBe('first line of all\nwritten to the full file\n');
    expect(contentOf('a.log')).toBe('after it\n');
  });

  it('writes to a device and does not rotate it', async () => {
    const file = logFile({ path: '/dev/null', maxBytes: 10 });
    file.write('much more than ten bytes\n');
    file.write('and more\n');
    await file.close();
    expect(statSync('/dev/null').isCharacterDevice()).toBe(true);
    expect(problems).toEqual([]);
  });
});

describe.skipIf(process.platform !== 'linux')('LogFile of a named pipe', () => {
  beforeEach(() => {
    mkdirSync(join(dir, 'logs'));
    execFileSync('mkfifo', [path]);
  });

  it('waits for a reader without making the source wait, tells what it lost, and then goes on with whole lines', async () => {
    const file = logFile();
    file.write('kept\n');
    await file.flush();
    expect(problems).toEqual([expect.stringContaining('cannot be written: ENXIO')]);
    const line = `${'x'.repeat(99_999)}\n`;
    let written = 5;
    for (let i = 0; i < 50; i++, written += line.length) expect(file.write(line)).toBe(true);
    const reader = spawn('cat', [path], { stdio: ['ignore', 'pipe', 'ignore'] });
    // It may end before `close` has resolved.
    const ended = once(reader, 'close');
    const chunks: Buffer[] = [];
    reader.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    await vi.waitFor(() => expect(file.pendingBytes).toBe(0), { timeout: 5000 });
    file.write('after\n');
    await file.close();
    await ended;
    const read = Buffer.concat(chunks).toString();
    expect(read).toMatch(/^kept\n(?:x{99999}\n)+after\n$/);
    expect(file.droppedBytes).toBe(written + 6 - read.length);
    expect(file.droppedBytes).toBeGreaterThan(0);
    expect(problems.slice(1)).toEqual([`${path} can be written again; ${file.droppedBytes} bytes were lost`]);
  });

  it('loses what a reader that has stopped does not take, and is closed all the same', async () => {
    const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const file = logFile();
    const line = `${'x'.repeat(99_999)}\n`;
    for (let i = 0; i < 100; i++) {
      expect(file.write(line)).toBe(true);
      if (i % 10 === 0) await file.flush();
    }
    expect(file.pendingBytes).toBeLessThanOrEqual(2 * 1024 * 1024);
    expect(problems).toEqual([`${path} takes less than is written to it; output is being lost`]);
    await file.close();
    closeSync(reader);
    expect(problems.slice(1)).toEqual([`${path} was closed; ${file.droppedBytes} bytes were lost`]);
  });
});

describe('LogFile of a program', () => {
  it('gives it every line, and starts it again when it has ended', async () => {
    const program = ['sh', '-c', `cat >> ${path}`] as const;
    mkdirSync(join(dir, 'logs'));
    const file = logFile({ path: 'journal', program });
    let written = '';
    for (let i = 0; i < 3000; i++) {
      file.write(`line ${i} ${'x'.repeat(100)}\n`);
      written += `line ${i} ${'x'.repeat(100)}\n`;
    }
    await file.close();
    expect(contentOf('a.log')).toBe(written);
    expect(problems).toEqual([]);

    const short = logFile({ path: 'journal', program: ['sh', '-c', `head -n 1 >> ${path}.2`] });
    await vi.waitFor(
      async () => {
        short.write('again\n');
        await short.flush();
        expect(contentOf('a.log.2')).toContain('again\nagain\n');
      },
      { timeout: 5000, interval: 20 },
    );
    expect(problems[0]).toMatch(/^journal cannot be written: sh ended \(/);
    await short.close();
  });

  it('hands nothing to one that ends at once, says so once, and counts what is lost', async () => {
    const file = logFile({ path: 'journal', program: ['sh', '-c', 'exit 1'], retryMs: 10 });
    for (let attempt = 0; attempt < 3; attempt++) {
      file.write('a\n');
      await file.flush();
    }
    expect([problems, file.pendingBytes]).toEqual([['journal cannot be written: sh ended (exit code 1)'], 6]);
    await file.close();
    expect(problems.slice(1)).toEqual(['journal was closed; 6 bytes were lost']);
  });

  it('says that it is missing', async () => {
    const file = logFile({ path: 'journal', program: ['no-such-program'] });
    file.write('a\n');
    await file.close();
    // EACCES if a directory of the PATH may not be entered.
    expect(problems).toEqual([
      expect.stringMatching(/^journal cannot be written: spawn no-such-program E(?:NOENT|ACCES)$/),
      'journal was closed; 2 bytes were lost',
    ]);
  });
});

describe('LogFile when it cannot write', () => {
  it.skipIf(process.platform !== 'linux')('tells once that the disk is full, takes no more than its bound and does not pause the source', async () => {
    const file = logFile({ path: '/dev/full' });
    file.write('a\n');
    await file.flush();
    expect(problems).toEqual([expect.stringContaining('/dev/full cannot be written: ENOSPC')]);
    const chunk = `${'x'.repeat(65535)}\n`;
    for (let i = 0; i < 100; i++) expect(file.write(chunk)).toBe(true);
    expect(file.pendingBytes).toBeLessThanOrEqual(2 * 1024 * 1024);
    expect(file.droppedBytes).toBeGreaterThan(60 * 65536);
    await file.flush();
    await file.close();
    expect(problems.slice(1)).toEqual([`/dev/full was closed; ${2 + 100 * 65536} bytes were lost`]);
    expect(file.pendingBytes).toBe(0);
    expect(file.droppedBytes).toBe(2 + 100 * 65536);
  });

  it('goes on by itself when the directory can be made again, with what it kept', async () => {
    writeFileSync(join(dir, 'logs'), 'a file in the way');
    const file = logFile();
    file.write('kept\n');
    await file.flush();
    expect(problems).toEqual([expect.stringContaining('cannot be written: EEXIST')]);
    file.write('cut off');
    file.write(Buffer.alloc(2 * 1024 * 1024));
    rmSync(join(dir, 'logs'));
    await vi.waitFor(() => expect(file.pendingBytes).toBe(0));
    file.write('after\n');
    await file.flush();
    expect(contentOf('a.log')).toBe('kept\ncut off\nafter\n');
    expect(problems.slice(1)).toEqual([`${path} can be written again; ${2 * 1024 * 1024} bytes were lost`]);
  });

  it('survives that its directory is removed', async () => {
    const file = logFile({ maxBytes: 10 });
    file.write('first line\n');
    await file.flush();
    rmSync(join(dir, 'logs'), { recursive: true });
    file.write('second line\n');
    await file.flush();
    expect(everything()).toBe('second line\n');
    expect(problems).toEqual([]);
  });

  it('writes on into a file that cannot be rotated, and says so', async () => {
    const file = logFile({ maxBytes: 10, keep: 1 });
    mkdirSync(join(dir, 'logs', 'a.log.1', 'full'), { recursive: true });
    for (let i = 0; i < 5; i++) {
      file.write(`line ${i} of 5\n`);
      await file.flush();
    }
    expect(readFileSync(path, 'utf8').split('\n')).toHaveLength(6);
    expect(problems).toEqual([expect.stringContaining('cannot be rotated')]);
  });

  it('does not fail when the listener does', async () => {
    writeFileSync(join(dir, 'logs'), '');
    const file = logFile({
      onProblem: () => {
        throw new Error('of the listener');
      },
    });
    file.write('a\n');
    await file.close();
    expect(file.droppedBytes).toBe(2);
  });

  it('drops what comes after the close', async () => {
    const file = logFile();
    await file.close();
    expect(file.write('late\n')).toBe(true);
    await file.close();
    expect(file.droppedBytes).toBe(5);
  });
});
