import { describe, expect, it } from 'vitest';
import {
  describeGenerations,
  describeServing,
  fileState,
  groupByGeneration,
  isNoteworthy,
  type FileState,
  type GenerationFacts,
  type ScriptFile,
} from '../../src/lifecycle/generations.ts';

const file = (changes: Partial<ScriptFile> = {}): ScriptFile => ({
  script: '/srv/41/server.js',
  cwd: '/srv/41',
  inode: 7,
  bytes: 100,
  modifiedMs: 5,
  ...changes,
});
const then = file();
const next = file({ script: '/srv/42/server.js', cwd: '/srv/42', inode: 8 });
const facts = (...list: readonly [generation: number, slots: readonly number[], files?: FileState][]): GenerationFacts[] =>
  list.map(([generation, slots, files = 'same']) => ({ generation, slots, files }));

describe('the files of a generation', () => {
  it.each<[FileState, string, ScriptFile | null, ScriptFile | null]>([
    ['same', 'as they were', then, then],
    ['moved', 'a link leads elsewhere, they are still there', next, then],
    ['moved', 'the link leads nowhere', null, then],
    ['changed', 'overwritten', file({ modifiedMs: 6 }), file({ modifiedMs: 6 })],
    ['changed', 'of another size', file({ bytes: 1 }), file({ bytes: 1 })],
    ['changed', 'replaced by a rename', file({ inode: 9 }), file({ inode: 9 })],
    ['changed', 'removed', null, null],
    ['changed', 'a link leads elsewhere, and the old release is gone', next, null],
  ])('%s: %s', (state, _, leadsTo, there) => {
    expect(fileState(then, leadsTo, there)).toBe(state);
  });

  it('nothing is said of files that could not be read', () => {
    expect(fileState(null, then, then)).toBe('same');
  });
});

it('slots by generation, newest first', () => {
  const workers = [
    { slot: 2, generation: 4 },
    { slot: 1, generation: 5 },
    { slot: 0, generation: 5 },
  ];
  expect(groupByGeneration(workers, (generation) => (generation === 4 ? 'changed' : 'same'))).toEqual(facts([5, [0, 1]], [4, [2], 'changed']));
});

it.each<[boolean, readonly GenerationFacts[]]>([
  [false, facts([5, [0, 1]])],
  [false, facts([5, [0, 1], 'changed'])],
  [false, facts([4, [0, 1]])],
  [true, facts([4, [0, 1], 'changed'])],
  [true, facts([5, [0]], [4, [1]])],
  [false, []],
])('worth a note: %s', (is, list) => {
  expect(isNoteworthy(list, 5)).toBe(is);
});

it.each<[string, readonly GenerationFacts[]]>([
  [
    'slots 0 and 1 run generation 5; slot 2 runs generation 4, whose files have changed on disk since: it cannot be started again',
    facts([5, [0, 1]], [4, [2], 'changed']),
  ],
  ['slot 0 runs generation 5; slots 1, 2 and 3 run generation 4', facts([5, [0], 'changed'], [4, [1, 2, 3], 'moved'])],
])('%s', (text, list) => {
  expect(describeGenerations(list, 5)).toBe(text);
});

it.each<[string, readonly GenerationFacts[]]>([
  ['the previous version is still serving', facts([4, [0, 1]])],
  ['the previous version is still serving', facts([4, [0, 1], 'moved'])],
  ['the previous version is still serving, but its files have changed on disk: a worker that restarts runs the new ones', facts([4, [0, 1], 'changed'])],
  ['slots 0 and 1 run generation 5', facts([5, [0, 1]])],
  ['slot 0 runs generation 5; slot 1 runs generation 4', facts([5, [0]], [4, [1]])],
  ['no worker is serving', []],
])('who serves after a failure: %s', (text, list) => {
  expect(describeServing(list, { before: 4, newest: 5 })).toBe(text);
});
