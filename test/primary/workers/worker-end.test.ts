import { expect, it, onTestFinished, vi } from 'vitest';
import { WorkerEnd } from '../../../src/primary/workers/worker-end.ts';

it('keeps the first reason', () => {
  const end = new WorkerEnd();
  end.ask('hung');
  end.ask('stop');
  expect(end.stopReason).toBe('hung');
});

it('keeps the first cause, and lets only its observer refine it', () => {
  const end = new WorkerEnd();
  end.explain('hang-watch', 'hung for 30 s');
  end.explain('kernel', 'killed by the kernel');
  end.explain('hang-watch', 'hung for 30 s in `hash`', ['at hash']);
  end.explain('memory-limit', 'too fat');
  expect([end.observer, end.facts({ code: null, signal: 'SIGKILL', at: 0, cwd: '/app', heapLimitBytes: null })]).toMatchObject([
    'hang-watch',
    { cause: 'hung for 30 s in `hash`', stack: ['at hash'] },
  ]);
});

it('keeps the last lines of stderr', () => {
  const end = new WorkerEnd();
  for (let line = 0; line < 50; line++) end.rememberStderr(String(line));
  expect([end.lastStderr.length, end.lastStderr[0], end.lastStderr.at(-1)]).toEqual([40, '10', '49']);
});

it('keeps the beginning of a long line of stderr', () => {
  const end = new WorkerEnd();
  end.rememberStderr('x'.repeat(1024 * 1024));
  expect(end.lastStderr).toEqual([`${'x'.repeat(2_000)}…`]);
});

it('without a cause from elsewhere, the error on stderr is the cause of a crash', () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  onTestFinished(() => void vi.useRealTimers());
  const exit = (): Parameters<WorkerEnd['facts']>[0] => ({ code: 1, signal: null, at: performance.now(), cwd: '/app', heapLimitBytes: null });
  const end = new WorkerEnd();
  end.rememberStderr('TypeError: no luck');
  for (let line = 0; line < 100; line++) end.rememberStderr('    at boot (/app/server.js:12:1)');
  expect(end.facts(exit()).cause).toBe('TypeError: no luck at server.js:12');
  vi.advanceTimersByTime(6_000);
  expect(end.facts(exit()).cause, 'an error of long ago').toBeNull();
  end.rememberStderr('RangeError: late');
  expect(end.facts(exit()).cause).toBe('RangeError: late');
  end.explain('kernel', 'out of memory (killed by the kernel)');
  expect(end.facts(exit()).cause).toBe('out of memory (killed by the kernel)');
  const refused = new WorkerEnd();
  refused.refusedAddress('port 80 is held by pid 5');
  refused.rememberStderr('Error: listen EADDRINUSE: address already in use :::80');
  expect(refused.facts(exit()).cause).toBe('Error: listen EADDRINUSE: address already in use :::80; port 80 is held by pid 5');
  vi.advanceTimersByTime(6_000);
  expect(refused.facts(exit()).cause, 'a refusal of long ago').toBeNull();
  const asked = new WorkerEnd();
  asked.rememberStderr('Error: from a handler');
  asked.ask('stop');
  expect(asked.facts(exit()).cause, 'lb ended it').toBeNull();
});

it('after a fatal error the end may take long', () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  onTestFinished(() => void vi.useRealTimers());
  const end = new WorkerEnd();
  end.rememberStderr('Error: long before');
  vi.advanceTimersByTime(6_000);
  end.rememberStderr('FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory');
  end.rememberStderr(' 1: 0xb78db3 node::Abort() [node]');
  vi.advanceTimersByTime(60_000);
  const exit = { code: null, signal: 'SIGABRT', at: performance.now(), cwd: '/app', heapLimitBytes: 2 * 1024 ** 3 };
  expect(end.facts(exit).cause).toBe('JavaScript heap out of memory (limit 2048 MB)');
});
