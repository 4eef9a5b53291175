import { describe, expect, it } from 'vitest';
import { formatUmask, umask } from '../../src/config/umask-kind.ts';

describe('umask', () => {
  it.each([
    ['027', 0o027],
    ['0027', 0o027],
    ['0o77', 0o077],
    ['0', 0],
    ['777', 0o777],
    [0o022, 0o022],
  ])('%j', (raw, value) => expect(umask.parse(raw)).toEqual({ value }));

  it.each(['', '8', '02x', '1777', '-1', 0o1000, -1, 1.5, null, true])('%j is refused', (raw) => {
    expect(umask.parse(raw)).toMatchObject({ mismatch: { expected: 'an octal mask such as "027", at most "777"' } });
  });

  it('is written as a shell does', () => expect(formatUmask(0o27)).toBe('0027'));
});
