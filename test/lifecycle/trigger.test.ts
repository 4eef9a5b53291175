import { expect, it } from 'vitest';
import { atChange, atTick } from '../../src/lifecycle/trigger.ts';

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

it.each([
  ['start', { operation: null, isRunning: false, isService: true }],
  ['reload', { operation: null, isRunning: true, isService: false }],
  ['reload', { operation: 'reload', isRunning: true, isService: true }],
  ['reload', { operation: 'start', isRunning: false, isService: true }],
  ['skip', { operation: 'stop', isRunning: true, isService: true }],
] as const)('a change of its files makes it %s: %o', (action, facts) => {
  expect(atChange(facts).do).toBe(action);
});
