import { expect, it } from 'vitest';
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
  expect([end.observer, end.facts()]).toMatchObject(['hang-watch', { cause: 'hung for 30 s in `hash`', stack: ['at hash'] }]);
});

it('keeps the last lines of stderr', () => {
  const end = new WorkerEnd();
  for (let line = 0; line < 50; line++) end.rememberStderr(String(line));
  expect([end.lastStderr.length, end.lastStderr[0], end.lastStderr.at(-1)]).toEqual([40, '10', '49']);
});
