import { expect, it } from 'vitest';
import { dependencyState, type DependencyFacts } from '../../src/lifecycle/dependency-state.ts';

const BASE: DependencyFacts = { state: 'online', isStarting: false, ready: 1, readyMin: 1, isJob: false };

it.each<[string, Partial<DependencyFacts>, ReturnType<typeof dependencyState>]>([
  ['a ready one', {}, 'up'],
  ['too few ready workers', { ready: 1, readyMin: 2, state: 'starting' }, 'coming'],
  ['enough of them while the others start', { ready: 2, readyMin: 2, state: 'starting', isStarting: true }, 'up'],
  ['one that starts', { ready: 0, state: 'starting' }, 'coming'],
  ['one that crashed and comes back', { ready: 0, state: 'degraded' }, 'coming'],
  ['one that is about to start', { ready: 0, state: 'stopped', isStarting: true }, 'coming'],
  ['a stopped one', { ready: 0, state: 'stopped' }, 'down'],
  ['a job that is done', { ready: 0, state: 'stopped', isJob: true }, 'up'],
  ['a job that failed', { ready: 0, state: 'errored', isJob: true }, 'down'],
  ['one that has given up', { ready: 0, state: 'errored' }, 'down'],
  ['one that waits for its time', { ready: 0, state: 'waiting' }, 'up'],
  ['one that is being stopped', { ready: 0, state: 'stopping' }, 'down'],
])('%s', (_, facts, expected) => {
  expect(dependencyState({ ...BASE, ...facts })).toBe(expected);
});
