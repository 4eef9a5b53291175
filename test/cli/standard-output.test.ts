import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, readFileSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { standardOutput } from '../../src/cli/standard-output.ts';
import { errnoOf } from '../../src/errors/lb-error.ts';

let directory: string;
let open: number[];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'lb-output-'));
  open = [];
});
afterEach(() => {
  for (const fd of open) closeSync(fd);
  rmSync(directory, { recursive: true });
});

const opened = (path: string, flags: string | number): 1 => {
  const fd = openSync(path, flags);
  open.push(fd);
  return fd as 1;
};
const unused = (): never => {
  throw new Error("Node's stream was loaded");
};
const fail = (error: unknown): void => {
  throw error;
};

it('writes into a file without a stream', () => {
  const file = join(directory, 'out');
  const output = standardOutput(opened(file, 'w'), unused, fail);
  expect([output.write('grün '), output.write('gelb\n'), output.isTTY]).toEqual([true, true, undefined]);
  let isFlushed = false;
  output.flush(() => (isFlushed = true));
  expect([readFileSync(file, 'utf8'), isFlushed]).toEqual(['grün gelb\n', true]);
});

it("leaves to Node's stream what a non-blocking pipe has no room for, and all that follows", async () => {
  const fifo = join(directory, 'fifo');
  execFileSync('mkfifo', [fifo]);
  const fd = opened(fifo, constants.O_RDWR | constants.O_NONBLOCK);
  const stream = new PassThrough();
  const output = standardOutput(fd, () => stream as unknown as NodeJS.WriteStream, fail);
  const text = 'ü'.repeat(50_001);
  expect(output.write(text)).toBe(false);
  output.write(' end');
  const isFlushed = new Promise<void>((resolve) => output.flush(resolve));
  const room = Buffer.alloc(200_000);
  const inPipe = room.subarray(0, readSync(fd, room));
  const rest: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => rest.push(chunk));
  await isFlushed;
  expect(inPipe.length).toBeGreaterThan(0);
  expect(Buffer.concat([inPipe, ...rest]).toString()).toBe(`${text} end`);
});

it('tells of a reader that is gone', () => {
  const fifo = join(directory, 'fifo');
  execFileSync('mkfifo', [fifo]);
  const reader = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK);
  const fd = opened(fifo, 'w');
  closeSync(reader);
  const problems: unknown[] = [];
  standardOutput(fd, unused, (error) => problems.push(errnoOf(error))).write('x');
  expect(problems).toEqual(['EPIPE']);
});
