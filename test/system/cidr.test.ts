import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cidrMatcher } from '../../src/system/cidr.ts';

describe('cidrMatcher', () => {
  it.each([
    ['10.0.0.0/8', '10.255.0.1', true],
    ['10.0.0.0/8', '11.0.0.0', false],
    ['10.1.2.3/8', '10.9.9.9', true],
    ['127.0.0.1', '127.0.0.1', true],
    ['127.0.0.1', '127.0.0.2', false],
    ['10.0.0.0/8', '::ffff:10.0.0.1', true],
    ['::ffff:10.0.0.0/104', '10.0.0.1', true],
    ['::1', '::1', true],
    ['fd00::/8', 'fd12::1', true],
    ['fd00::/8', 'fe80::1', false],
    ['fe80::/10', 'fe80::1%lo', true],
    ['0.0.0.0/0', '9.9.9.9', true],
    ['0.0.0.0/0', '::1', false],
  ])('%s has %s: %s', (block, address, contained) => {
    expect(cidrMatcher([block])(address)).toBe(contained);
  });

  it('looks at every block, and at none', () => {
    expect(cidrMatcher(['10.0.0.0/8', '::1'])('::1')).toBe(true);
    expect(cidrMatcher([])('::1')).toBe(false);
  });

  it('throws for what is no block', () => {
    expect(() => cidrMatcher(['10.0.0/8'])).toThrow();
    expect(() => cidrMatcher(['10.0.0.0/x'])).toThrow();
  });

  it('compares the first bits of IPv4 addresses', () => {
    const word = fc.integer({ min: 0, max: 2 ** 32 - 1 });
    fc.assert(
      fc.property(word, word, fc.integer({ min: 1, max: 32 }), (block, address, bits) => {
        expect(cidrMatcher([`${dotted(block)}/${bits}`])(dotted(address))).toBe(block >>> (32 - bits) === address >>> (32 - bits));
        expect(cidrMatcher([`${dotted(block)}/${bits}`])(dotted(block))).toBe(true);
      }),
    );
  });
});

const dotted = (word: number): string => [24, 16, 8, 0].map((shift) => (word >>> shift) & 255).join('.');
