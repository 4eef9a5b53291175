import { describe, expect, it } from 'vitest';
import { nextWrite } from '../../src/logs/rotation-point.ts';

describe('nextWrite', () => {
  it.each([
    ['all of it when it fits', 'a\nb\n', 6, true, 10, 4],
    ['the whole lines that fit', 'aa\nbb\ncc\n', 2, true, 10, 6],
    ['nothing more into a full file', 'a\n', 10, true, 10, 'rotate'],
    ['nothing when the first line does not fit', 'aaaa\n', 8, true, 10, 'rotate'],
    ['the rest of a line that is begun', 'aaaa\nb\n', 8, false, 10, 5],
    ['all of a line that is begun and goes on', 'aaaa', 8, false, 10, 4],
    ['a line longer than a file, into an empty one', 'aaaaaaaaaaaa\nb\n', 0, true, 10, 13],
    ['a line that goes on for a mebibyte is cut', 'aaaa', 10 + 1024 * 1024, false, 10, 'rotate'],
  ] as const)('%s', (_, waiting, size, atLineStart, maxBytes, expected) => {
    expect(nextWrite([Buffer.from(waiting)], size, atLineStart, maxBytes)).toBe(expected);
  });
});
