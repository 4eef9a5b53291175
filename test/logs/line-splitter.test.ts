import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LineSplitter } from '../../src/logs/line-splitter.ts';

function split(chunks: readonly Buffer[], maxLineBytes?: number): string[] {
  const lines: string[] = [];
  const splitter = new LineSplitter((line) => lines.push(line), maxLineBytes);
  for (const chunk of chunks) {
    const reused = Buffer.from(chunk);
    splitter.write(reused);
    reused.fill('#');
  }
  splitter.end();
  return lines;
}

/** Cuts at the given positions, taken modulo the length. */
function cut(bytes: Buffer, positions: readonly number[]): Buffer[] {
  const at = [...new Set(positions.map((position) => position % (bytes.length + 1)))].sort((a, b) => a - b);
  return [0, ...at].map((start, i) => bytes.subarray(start, at[i] ?? bytes.length));
}

const text = fc
  .array(fc.oneof(fc.constantFrom('\n', '\r\n', '\r', 'ä', '漢', '👩‍💻', ''), fc.string({ unit: 'grapheme', maxLength: 12 })))
  .map((parts) => parts.join(''));

describe('LineSplitter', () => {
  it('gives the lines of a text, however it is cut', () => {
    fc.assert(
      fc.property(text, fc.array(fc.nat(), { maxLength: 20 }), (input, positions) => {
        const bytes = Buffer.from(input);
        const expected = bytes
          .toString()
          .split('\n')
          .map((line) => line.replace(/\r$/, ''));
        if (input === '' || input.endsWith('\n')) expected.pop();
        expect(split(cut(bytes, positions))).toEqual(expected);
      }),
    );
  });

  it('cuts long lines at the same places, however the input is cut, and loses no byte', () => {
    fc.assert(
      fc.property(text, fc.array(fc.nat(), { maxLength: 20 }), fc.integer({ min: 4, max: 9 }), (input, positions, max) => {
        const bytes = Buffer.from(input);
        const lines = split(cut(bytes, positions), max);
        expect(lines).toEqual(split([bytes], max));
        for (const line of lines) expect(Buffer.byteLength(line)).toBeLessThanOrEqual(max);
        expect(lines.join('')).toBe(bytes.toString().replace(/\r?\n|\r$/g, ''));
      }),
    );
  });

  it('gives the same lines of bytes that are no UTF-8, however they are cut', () => {
    const noise = fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes.map((byte) => (byte % 7 === 0 ? 10 : byte | 0x80))));
    fc.assert(
      fc.property(noise, fc.array(fc.nat(), { maxLength: 20 }), (bytes, positions) => {
        expect(split(cut(bytes, positions), 6)).toEqual(split([bytes], 6));
      }),
    );
  });

  it('makes one line of one that fills the maximum, with either ending', () => {
    for (const ending of ['\n', '\r\n', '']) expect(split([Buffer.from(`12345678${ending}`)], 8)).toEqual(['12345678']);
    expect(split([Buffer.from('12345678\r'), Buffer.from('\n')], 8)).toEqual(['12345678']);
    expect(split([Buffer.from('123456789\n')], 8)).toEqual(['12345678', '9']);
  });

  it('keeps empty lines and a carriage return within a line', () => {
    expect(split([Buffer.from('\n\r\na\rb\n')])).toEqual(['', '', 'a\rb']);
  });

  it('takes a long line byte by byte', () => {
    const line = 'x'.repeat(200_000);
    const bytes = Buffer.from(`${line}\nend`);
    const lines = split(Array.from(bytes, (_, i) => bytes.subarray(i, i + 1)));
    expect(lines.map((piece) => piece.length)).toEqual([65536, 65536, 65536, 200_000 - 3 * 65536, 3]);
  });

  it('says nothing at the end when the last line was complete', () => {
    expect(split([Buffer.from('a\n')])).toEqual(['a']);
    expect(split([])).toEqual([]);
  });
});
