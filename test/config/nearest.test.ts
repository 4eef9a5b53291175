import fc from 'fast-check';
import { expect, it } from 'vitest';
import { editDistance, suggestion } from '../../src/config/nearest.ts';

it.each([
  ['instnaces', 'instances', 1],
  ['kil_timeout', 'kill_timeout', 1],
  ['', 'abc', 3],
  ['same', 'same', 0],
])('counts the edits from %j to %j', (a, b, edits) => expect(editDistance(a, b)).toBe(edits));

it('is symmetric and zero only for equal words', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 12 }), fc.string({ maxLength: 12 }), (a, b) => {
      expect(editDistance(a, b)).toBe(editDistance(b, a));
      expect(editDistance(a, b) === 0).toBe(a === b);
    }),
  );
});

it('suggests the one name that begins with the word', () => {
  const known = ['rps_per_worker', 'log_keep', 'log_max_size', 'ratio'];
  expect(suggestion('rps', known)).toBe(', did you mean "rps_per_worker"?');
  for (const word of ['log', 'rat', '']) expect(suggestion(word, known)).toBe('');
});

it('suggests a near name and stays silent when none is near', () => {
  const known = ['instances', 'interpreter', 'name'];
  expect(suggestion('instance', known)).toBe(', did you mean "instances"?');
  expect(suggestion('NAME', known)).toBe(', did you mean "name"?');
  expect(suggestion('database', known)).toBe('');
  expect(suggestion('x'.repeat(10_000), known)).toBe('');
});
