import fc from 'fast-check';
import { expect, it } from 'vitest';
import { shortHash } from '../../src/system/short-hash.ts';

it('is the same for ever, or an old daemon would not be found', () => {
  expect(shortHash('/home/a/.lb')).toBe('02392deedec863');
  expect(shortHash('')).toMatch(/^[0-9a-f]{14}$/);
});

it('tells texts apart', () => {
  fc.assert(fc.property(fc.string(), fc.string(), (a, b) => (shortHash(a) === shortHash(b)) === (a === b)));
});
