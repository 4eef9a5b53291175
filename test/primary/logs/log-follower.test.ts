import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { LogFollower } from '../../../src/primary/logs/log-follower.ts';
import type { LogSink } from '../../../src/primary/logs/log-sink.ts';
import type { LogLine } from '../../../src/protocol/control.ts';

let busy: boolean;
let sent: string[];
let print: (text: string) => void;

beforeEach(() => {
  vi.useFakeTimers();
  busy = false;
  sent = [];
  const logs: { follower: ((line: LogLine) => void) | null } = { follower: null };
  const follower = new LogFollower({
    get busy() {
      return busy;
    },
    send: ({ lines, dropped }) => void sent.push(`${lines.map(({ text }) => text).join()}, ${dropped} dropped`),
  });
  follower.attach(logs as LogSink);
  follower.follow(true);
  print = (text) => logs.follower?.({ app: 'api', slot: 0, pid: 1, stream: 'out', at: 0, text });
});
afterEach(() => {
  vi.useRealTimers();
});

it('sends lines in batches, and what a busy daemon misses as a number when there is room again', () => {
  print('1');
  print('2');
  vi.advanceTimersByTime(50);
  expect(sent).toEqual(['1,2, 0 dropped']);
  busy = true;
  for (const text of ['3', '4', '5']) print(text);
  vi.advanceTimersByTime(1_000);
  expect(sent).toHaveLength(1);
  busy = false;
  print('6');
  vi.advanceTimersByTime(50);
  expect(sent.slice(1)).toEqual(['6, 3 dropped']);
});

it('tells the number also if the app prints nothing more', () => {
  busy = true;
  print('1');
  vi.advanceTimersByTime(200);
  busy = false;
  vi.advanceTimersByTime(50);
  expect(sent).toEqual([', 1 dropped']);
  vi.advanceTimersByTime(1_000);
  expect(sent).toHaveLength(1);
});
