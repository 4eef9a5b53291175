import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { printable, truncate, widthOf } from '../../src/terminal/text.ts';

const text = fc.string({
  unit: fc.oneof(fc.constantFrom('漢', '👩‍🚀', 'é', '█', '…', '🇩🇪', '한'), fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 1 })),
  maxLength: 40,
});

describe('printable', () => {
  it.each([
    ['\u001b[31mred\u001b[0m', 'red'],
    ['a\tb', 'a    b'],
    ['a\u0007b\u0085c', 'abc'],
    ['\u001b]0;title\u0007x', 'x'],
    ['evil\u202etxt', 'eviltxt'],
    ['數據庫 👩‍🚀', '數據庫 👩‍🚀'],
  ])('%j is shown as %j', (raw, shown) => {
    expect(printable(raw)).toBe(shown);
  });

  it('leaves no control character, whatever it is given', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (raw) => {
        expect(printable(raw)).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
      }),
    );
  });
});

describe('widths', () => {
  it.each([
    ['abc', 3],
    ['漢字', 4],
    ['👩‍🚀', 2],
    ['é', 1],
    ['e\u0301', 1],
    ['▁█…', 3],
    ['', 0],
  ])('%s has %i columns', (shown, columns) => {
    expect(widthOf(shown)).toBe(columns);
  });

  it('of what is cut never exceed the room, and a text that fits stays', () => {
    fc.assert(
      fc.property(text, fc.nat(30), (shown, columns) => {
        const cut = truncate(shown, columns);
        expect(widthOf(cut)).toBeLessThanOrEqual(columns);
        if (widthOf(shown) <= columns && columns > 0) expect(cut).toBe(shown);
      }),
    );
  });
});
