import fc from 'fast-check';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { OutputOrder } from '../../src/logs/output-order.ts';
import type { LogStream } from '../../src/protocol/control.ts';
import { outputMark } from '../../src/protocol/output-mark.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

interface Read {
  readonly order: OutputOrder;
  readonly passed: () => string[];
  readonly ended: LogStream[];
}

function reader(isWhole = true): Read {
  const order = new OutputOrder(isWhole);
  const seen: Written[] = [];
  const ended: LogStream[] = [];
  for (const stream of ['out', 'err'] as const) {
    order.add(stream, { pass: (chunk) => void seen.push({ stream, text: chunk.toString('latin1') }), end: () => void ended.push(stream) });
  }
  const passed = (): string[] => runsOf(seen);
  return { order, passed, ended };
}

interface Written {
  readonly stream: LogStream;
  readonly text: string;
}

/** What a process leaves in its two pipes. */
function pipesOf(writes: readonly Written[]): Record<LogStream, string> {
  const pipes = { out: '', err: '' };
  let last: LogStream | null = null;
  for (const { stream, text } of writes) {
    if (last !== null && last !== stream) pipes[stream] += outputMark(pipes[last].length);
    pipes[stream] += text;
    last = stream;
  }
  return pipes;
}

/** One string per run of a stream. */
function runsOf(writes: readonly Written[]): string[] {
  const runs: string[] = [];
  for (const { stream, text } of writes) {
    if (runs.at(-1)?.startsWith(stream) === true) runs.push(`${runs.pop() ?? ''}${text}`);
    else runs.push(`${stream}:${text}`);
  }
  return runs;
}

const texts = fc.oneof(fc.string({ minLength: 1, unit: 'binary-ascii' }), fc.constantFrom('\x1B', '\x1B[31mred', '\x1B_lb;', '\x1B_lb;12', 'x\x1B\\'));
const written = fc.array(fc.record({ stream: fc.constantFrom('out' as const, 'err' as const), text: texts.filter((text) => !/lb;\d+\x1B\\/.test(text)) }), {
  maxLength: 12,
});
const steps = fc.array(fc.tuple(fc.constantFrom('out' as const, 'err' as const), fc.integer({ min: 1, max: 9 })), { maxLength: 80 });

it('passes on what was written, in its order, however the pipes are read', () => {
  fc.assert(
    fc.property(written, steps, (writes, reads) => {
      const all = pipesOf(writes);
      const rest = { out: Buffer.from(all.out, 'latin1'), err: Buffer.from(all.err, 'latin1') };
      const { order, passed, ended } = reader();
      const take = (stream: LogStream, length: number): void => {
        if (rest[stream].length > 0) order.write(stream, rest[stream].subarray(0, length));
        rest[stream] = rest[stream].subarray(length);
      };
      for (const [stream, length] of reads) take(stream, length);
      for (const stream of ['err', 'out'] as const) take(stream, rest[stream].length);
      for (const stream of ['err', 'out'] as const) order.end(stream);
      expect(passed()).toEqual(runsOf(writes));
      expect([ended.length, order.hasEnded, vi.getTimerCount()]).toEqual([2, true, 0]);
    }),
  );
});

it('does not wait for long for what never comes', () => {
  const { order, passed } = reader();
  order.write('err', Buffer.from(`${outputMark(100)}late\n`));
  vi.advanceTimersByTime(99);
  expect(passed()).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(passed()).toEqual(['err:late\n']);
});

it('takes out the marks where the beginning of the pipes was read by another process', () => {
  const { order, passed } = reader(false);
  order.write('err', Buffer.from(`${outputMark(100)}at once\n`));
  expect(passed()).toEqual(['err:at once\n']);
});

it('does not wait for a pipe that has ended', () => {
  const { order, passed, ended } = reader();
  order.write('err', Buffer.from(`${outputMark(100)}last\n`));
  order.end('err');
  expect(ended).toEqual([]);
  order.end('out');
  expect([passed(), ended]).toEqual([['err:last\n'], ['out', 'err']]);
});
