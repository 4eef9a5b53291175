import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { ExitReport } from '../../../src/lifecycle/exit-report.ts';
import { ExitHistory } from '../../../src/primary/workers/exit-history.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'], now: 1_000_000 }));
afterEach(() => void vi.useRealTimers());

const exit = (changes: Partial<ExitReport>): ExitReport => ({
  slot: 0,
  generation: 1,
  pid: 5,
  at: Date.now(),
  code: 1,
  signal: null,
  stopReason: null,
  stateBefore: 'ready',
  uptimeMs: 5,
  killedAtDeadline: false,
  cause: null,
  stack: [],
  lastStderr: [],
  ...changes,
});

it('keeps the last ten exits', () => {
  const history = new ExitHistory();
  for (let pid = 1; pid <= 12; pid++) history.add(exit({ pid }));
  expect(history.last.map(({ pid }) => pid)).toEqual([3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
});

it('knows why the worker of each slot last failed, however many exits there were since', () => {
  const history = new ExitHistory();
  history.add(exit({ slot: 1, cause: 'TypeError: no luck' }));
  for (let pid = 1; pid <= 12; pid++) history.add(exit({ pid, code: pid }));
  expect([history.causeOf(0), history.causeOf(1), history.causeOf(2)]).toEqual(['exit code 12', 'TypeError: no luck', null]);
});

it.each([
  ['a crash', {}, 'exit code 1'],
  ['a signal', { code: null, signal: 'SIGSEGV' }, 'signal SIGSEGV'],
  ['a hung worker', { code: null, signal: 'SIGKILL', stopReason: 'hung', cause: 'hung for 30 s' }, 'hung for 30 s'],
  ['a normal end', { code: 0 }, null],
  ['a stop', { stopReason: 'stop', code: 1 }, null],
] as const)('%s', (_, changes, cause) => {
  const history = new ExitHistory();
  history.add(exit(changes));
  expect(history.lastFailure?.cause ?? null).toBe(cause);
});

it('the last failure of all slots is news for ten minutes, or until all workers were replaced', () => {
  const history = new ExitHistory();
  history.add(exit({ slot: 0, cause: 'first' }));
  history.add(exit({ slot: 1, cause: 'second' }));
  history.add(exit({ slot: 0, cause: 'third' }));
  vi.setSystemTime(1_012_000);
  expect(history.lastFailure).toEqual({ slot: 0, cause: 'third', agoMs: 12_000 });
  vi.setSystemTime(1_700_000);
  expect(history.lastFailure).toBeNull();
  expect(history.causeOf(0)).toBe('third');
  history.add(exit({ cause: 'fourth' }));
  history.forgetFailures();
  expect([history.lastFailure, history.causeOf(1)]).toEqual([null, null]);
});
