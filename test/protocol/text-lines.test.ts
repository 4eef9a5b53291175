import fc from 'fast-check';
import { expect, it } from 'vitest';
import { TextLines } from '../../src/protocol/text-lines.ts';

it('gives each line once, when it has ended, however the text is cut', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: fc.constantFrom('a', 'b', '\n') })), (pieces) => {
      const lines = new TextLines();
      const taken = pieces.flatMap((piece) => lines.take(piece));
      expect([...taken, lines.rest].join('\n')).toBe(pieces.join(''));
      expect(taken.some((line) => line.includes('\n'))).toBe(false);
      expect(lines.restLength).toBe(lines.rest.length);
    }),
  );
});
