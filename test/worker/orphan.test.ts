import type { Worker } from 'node:cluster';
import { EventEmitter } from 'node:events';
import { beforeEach, expect, it, onTestFinished, vi } from 'vitest';
import type { Drain } from '../../src/worker/drain.ts';
import { Orphan } from '../../src/worker/orphan.ts';

const SETTINGS = { killTimeoutMs: 3_600_000, askAfterMs: 2_700_000, restartDaemon: null } as Parameters<Orphan['watch']>[1];

let done: string[];
let drain: { leaving: boolean; begin(): void; leave(exit: boolean): void };
let orphan: Orphan;

beforeEach(() => {
  done = [];
  drain = {
    leaving: false,
    begin: () => done.push('drains'),
    leave: (exit) => {
      drain.leaving = true;
      done.push(exit ? 'ends' : 'leaves the end to the app');
    },
  };
});

/** Simulates the loss of the primary. */
function lose(signal: NodeJS.Signals | null, isAwaited = false): void {
  const kill = vi.spyOn(process, 'kill').mockImplementation((_, name) => {
    done.push(String(name));
    return true;
  });
  const timer = vi.spyOn(globalThis, 'setTimeout');
  onTestFinished(() => {
    process.removeAllListeners('SIGCONT');
    for (const { value } of timer.mock.results) clearTimeout(value as NodeJS.Timeout);
    timer.mockRestore();
    kill.mockRestore();
  });
  const worker = new EventEmitter();
  orphan = new Orphan(
    () => drain as unknown as Drain,
    () => signal,
  );
  orphan.isAwaited = isAwaited;
  orphan.watch(worker as unknown as Worker, SETTINGS);
  worker.emit('disconnect');
}

it('asks its app to shut down once, when it is quiet, however often that is reported', () => {
  lose('SIGTERM');
  expect(done).toEqual(['drains']);
  for (let i = 0; i < 3; i++) orphan.quiet();
  expect(done).toEqual(['drains', 'SIGTERM', 'leaves the end to the app']);
});

it('does not ask an app that the primary has already asked', () => {
  drain.leaving = true;
  lose('SIGTERM');
  orphan.quiet();
  expect(done).toEqual(['drains']);
});

it('exits if the app has no handler', () => {
  lose(null);
  orphan.quiet();
  expect(done).toEqual(['drains', 'ends']);
});

it('asks its app when the time is up, though it still serves, and once', () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  lose('SIGTERM');
  vi.advanceTimersByTime(2_699_000);
  expect(done).toEqual(['drains']);
  vi.advanceTimersByTime(1_000);
  orphan.quiet();
  expect(done).toEqual(['drains', 'SIGTERM', 'leaves the end to the app']);
  vi.advanceTimersByTime(900_000);
  expect(done.at(-1)).toBe('SIGKILL');
});

it('asks its app when the daemon says so', () => {
  lose('SIGINT');
  process.emit('SIGCONT', 'SIGCONT');
  expect(done).toEqual(['drains', 'SIGINT', 'leaves the end to the app']);
});

it.each([
  ['is awaited: it asks the app although connections are left, after 2 s', true, ['drains', 'SIGTERM', 'leaves the end to the app']],
  ['is not awaited: it waits for its connections', false, ['drains']],
])('when the next primary waits for its end or not: it %s', (_, isAwaited, expected) => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  lose('SIGTERM', isAwaited);
  vi.advanceTimersByTime(1_999);
  expect(done).toEqual(['drains']);
  vi.advanceTimersByTime(1);
  expect(done).toEqual(expected);
});
