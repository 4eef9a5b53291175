import { expect, it } from 'vitest';
import { describeExit } from '../../src/lifecycle/exit-report.ts';

it.each([
  ['exit code 1', { code: 1, signal: null, killedAtDeadline: false }],
  ['exit code 0', { code: 0, signal: null, killedAtDeadline: false }],
  ['signal SIGSEGV', { code: null, signal: 'SIGSEGV', killedAtDeadline: false }],
  ['killed when its kill_timeout ran out', { code: null, signal: 'SIGKILL', killedAtDeadline: true }],
  ['unknown exit', { code: null, signal: null, killedAtDeadline: false }],
])('%s', (words, facts) => {
  expect(describeExit(facts)).toBe(words);
});
