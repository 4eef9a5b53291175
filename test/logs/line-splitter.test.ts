import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isOpen, LineSplitter, type Piece } from '../../src/logs/line-splitter.ts';

type Step = Buffer | 'flush';

function split(steps: readonly Step[], maxLineBytes?: number): Piece[] {
  const pieces: Piece[] = [];
  const splitter = new LineSplitter((piece) => pieces.push(piece), maxLineBytes);
  for (const step of steps) {
    if (step === 'flush') splitter.flush();
    else splitter.write(Buffer.from(step));
  }
  splitter.end();
  return pieces;
}

const joined = (pieces: readonly Piece[]): Buffer => Buffer.concat(pieces.map(({ bytes }) => bytes));
const textsOf = (pieces: readonly Piece[]): string[] => pieces.map(({ bytes }) => bytes.toString());

/** Cuts at the given positions, taken modulo the length. */
function cut(bytes: Buffer, positions: readonly number[]): Buffer[] {
  const at = [...new Set(positions.map((position) => position % (bytes.length + 1)))].sort((a, b) => a - b);
  return [0, ...at].map((start, i) => bytes.subarray(start, at[i] ?? bytes.length));
}

const text = fc
  .array(fc.oneof(fc.constantFrom('\n', '\r\n', '\r', 'ä', '漢', '👩‍💻', ''), fc.string({ unit: 'grapheme', maxLength: 12 })))
  .map((parts) => parts.join(''));
const positions = fc.array(fc.nat(), { maxLength: 20 });

describe('LineSplitter', () => {
  it('passes on every byte, in whole lines, however they are cut', () => {
    fc.assert(
      fc.property(text, positions, (input, at) => {
        const pieces = split(cut(Buffer.from(input), at));
        expect(joined(pieces).toString()).toBe(input === '' || input.endsWith('\n') ? input : `${input}\n`);
        // The end of the last one may be ours.
        for (const piece of pieces.slice(0, -2)) expect([isOpen(piece), piece.continues]).toEqual([false, false]);
      }),
    );
  });

  it('says which pieces belong to one line, and cuts no character, when lines are flushed or long', () => {
    fc.assert(
      fc.property(text, positions, fc.array(fc.boolean()), fc.integer({ min: 4, max: 9 }), (input, at, flushes, max) => {
        const steps = cut(Buffer.from(input), at).flatMap((chunk, index): Step[] => (flushes[index] === true ? [chunk, 'flush'] : [chunk]));
        const pieces = split(steps, max);
        expect(joined(pieces).toString()).toBe(input === '' || input.endsWith('\n') ? input : `${input}\n`);
        for (const [index, piece] of pieces.entries()) {
          const before = pieces[index - 1];
          expect(piece.continues).toBe(before !== undefined && isOpen(before));
          expect(piece.bytes.equals(Buffer.from(piece.bytes.toString()))).toBe(true);
        }
      }),
    );
  });

  it('passes on bytes that are no UTF-8 as they are', () => {
    const noise = fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes.map((byte) => (byte % 7 === 0 ? 10 : byte | 0x80))));
    fc.assert(
      fc.property(noise, positions, (bytes, at) => {
        const all = joined(split(cut(bytes, at), 6));
        expect(all.subarray(0, bytes.length).equals(bytes)).toBe(true);
        expect(all.length - bytes.length).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('keeps a line of a mebibyte whole, whatever the chunks are', () => {
    const line = Buffer.from(`${'x'.repeat(1024 * 1024)}\n`);
    const whole = split(cut(line, [1, 65_536, 131_072, 999_999]));
    expect(whole.map(({ bytes }) => bytes.equals(line))).toEqual([true]);
    const longer = split([Buffer.alloc(1024 * 1024 + 1, 'x'), Buffer.from('end\n')]);
    expect(longer.map((piece) => [piece.bytes.length, piece.continues])).toEqual([
      [1024 * 1024 + 1, false],
      [4, true],
    ]);
  });

  it('takes a long line byte by byte', () => {
    const bytes = Buffer.from(`${'x'.repeat(200_000)}\nend`);
    expect(textsOf(split(Array.from(bytes, (_, i) => bytes.subarray(i, i + 1))))).toEqual([`${'x'.repeat(200_000)}\n`, 'end', '\n']);
  });

  it('does not change what it has passed on', () => {
    const pieces = split([Buffer.from('wait'), 'flush', Buffer.from('ing '), 'flush', Buffer.from('done\nnext'), Buffer.from(' one\n')]);
    expect(textsOf(pieces)).toEqual(['wait', 'ing ', 'done\n', 'next one\n']);
    expect(pieces.map(({ continues }) => continues)).toEqual([false, true, true, false]);
  });

  it('ends the last line', () => {
    expect(textsOf(split([Buffer.from('a\n')]))).toEqual(['a\n']);
    expect(split([])).toEqual([]);
    expect(textsOf(split([Buffer.from('waiting '), 'flush']))).toEqual(['waiting ', '\n']);
  });
});
