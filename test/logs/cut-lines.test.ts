import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LineCutter, linesBackwards, type CutLine } from '../../src/logs/cut-lines.ts';
import type { LogBytes } from '../../src/logs/log-bytes.ts';

const bytesOf = (text: string): LogBytes => {
  const all = Buffer.from(text);
  return { size: all.length, read: (into, position) => all.copy(into, 0, position), close: () => {} };
};

/** The lines of a text and where they begin. */
function linesOf(text: string): CutLine[] {
  let start = 0;
  const pieces = text.split('\n');
  if (pieces.at(-1) === '') pieces.pop();
  return pieces.map((piece) => {
    const line = { start, text: piece.endsWith('\r') ? piece.slice(0, -1) : piece };
    start += Buffer.byteLength(piece) + 1;
    return line;
  });
}

function forwards(text: string, chunk: number): CutLine[] {
  const cutter = new LineCutter(0);
  const all = Buffer.from(text);
  const lines: CutLine[] = [];
  for (let at = 0; at < all.length; at += chunk) lines.push(...cutter.push(all.subarray(at, at + chunk)));
  const rest = cutter.rest();
  return rest === null ? lines : [...lines, rest];
}

const LINES = fc
  .array(fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom('\n', '\n\n', '\r\n', '漢')), { maxLength: 40 })
  .map((parts) => parts.join(''));

describe('lines', () => {
  it('are the same from both ends, however the text was cut', () => {
    fc.assert(
      fc.property(LINES, fc.integer({ min: 1, max: 50 }), (text, chunk) => {
        expect(forwards(text, chunk)).toEqual(linesOf(text));
        expect([...linesBackwards(bytesOf(text))].reverse()).toEqual(linesOf(text));
      }),
    );
  });

  it('may be longer than a block, and no character is cut', () => {
    const text = Array.from({ length: 300 }, (_, i) => `${i} ${'漢'.repeat((i * 97) % 5000)}`).join('\n');
    expect([...linesBackwards(bytesOf(text))].reverse()).toEqual(linesOf(text));
    expect([...linesBackwards(bytesOf(`${'x'.repeat(200_000)}\n${'y'.repeat(65_535)}\n`))].map((line) => line.text.length)).toEqual([65_535, 200_000]);
  });

  it('without an end are cut, from both sides, so that memory stays bounded', () => {
    const text = 'x'.repeat(5 * 1024 * 1024);
    for (const pieces of [forwards(text, 65_536), [...linesBackwards(bytesOf(text))]]) {
      expect(pieces).toHaveLength(5);
      expect(pieces.reduce((sum, line) => sum + line.text.length, 0)).toBe(text.length);
    }
  });
});
