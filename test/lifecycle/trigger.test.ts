import { expect, it } from 'vitest';
import { atTick } from '../../src/lifecycle/trigger.ts';

it.each([
  ['start', { operation: null, isRunning: false, isService: false }],
  ['start', { operation: null, isRunning: false, isService: true }],
  ['reload', { operation: null, isRunning: true, isService: true }],
  ['skip', { operation: null, isRunning: true, isService: false }],
  ['skip', { operation: 'reload', isRunning: true, isService: true }],
  ['skip', { operation: 'stop', isRunning: false, isService: true }],
  ['reload', { operation: 'recycle', isRunning: true, isService: true }],
] as const)('a tick makes it %s: %o', (action, facts) => {
  expect(atTick(facts).do).toBe(action);
});
