import { expect, it } from 'vitest';
import { describeExit } from '../../src/lifecycle/exit-report.ts';

it.each([
  ['exit code 1', { code: 1, signal: null, killedAtDeadline: false, cause: null }],
  ['exit code 0', { code: 0, signal: null, killedAtDeadline: false, cause: null }],
  ['signal SIGSEGV', { code: null, signal: 'SIGSEGV', killedAtDeadline: false, cause: null }],
  ['killed when its kill_timeout ran out', { code: null, signal: 'SIGKILL', killedAtDeadline: true, cause: null }],
  [
    'hung for 30 s in `hash` (lib/report.js:41)',
    { code: null, signal: 'SIGKILL', killedAtDeadline: false, cause: 'hung for 30 s in `hash` (lib/report.js:41)' },
  ],
  ['unknown exit', { code: null, signal: null, killedAtDeadline: false, cause: null }],
])('%s', (words, facts) => {
  expect(describeExit(facts)).toBe(words);
});
