import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KeyReader, type Key } from '../../src/terminal/keys.ts';

const read = (...chunks: readonly (string | Buffer)[]): Key[] => {
  const reader = new KeyReader();
  const keys = chunks.flatMap((chunk) => reader.read(Buffer.from(chunk)));
  return [...keys, ...reader.flush()];
};

describe('KeyReader', () => {
  it.each([
    ['q', 'q'],
    ['漢', '漢'],
    ['\r', 'enter'],
    ['\t', 'tab'],
    ['\x7f', 'backspace'],
    ['\x03', 'ctrl-c'],
    ['\x1b', 'escape'],
    ['\x1b[A', 'up'],
    ['\x1bOB', 'down'],
    ['\x1b[5~', 'pageup'],
    ['\x1b[6;5~', 'pagedown'],
    ['\x1b[1;2A', 'up'],
    ['\x1b[H', 'home'],
    ['\x1b[4~', 'end'],
    ['\x1b[<64;10;5M', 'wheelup'],
    ['\x1b[<65;223;51M', 'wheeldown'],
    ['\x1b[<69;1;1M', 'wheeldown'],
  ])('%j is %s', (text, key) => {
    expect(read(text)).toEqual([key]);
  });

  it('leaves out what it does not know', () => {
    expect(read('\x1b[<0;3;4M\x1b[<0;3;4m\x1b[200~\x1b[?62;4c\x00\u0085q')).toEqual(['q']);
  });

  it('takes an escape with something after it that is no sequence for two keys', () => {
    expect(read('\x1bq')).toEqual(['escape', 'q']);
    expect(read('\x1b\x1b[A')).toEqual(['escape', 'up']);
  });

  it('waits for the rest of a sequence, and for no more', () => {
    const reader = new KeyReader();
    expect([reader.read(Buffer.from('\x1b[')), reader.waiting]).toEqual([[], true]);
    expect([reader.read(Buffer.from('A')), reader.waiting]).toEqual([['up'], false]);
    expect([reader.read(Buffer.from('\x1b')), reader.flush(), reader.waiting]).toEqual([[], ['escape'], false]);
  });

  const sequence = fc.constantFrom('\x1b[A', '\x1b[6~', '\x1bOC', '\x1b[<65;12;40M', '\x1b[1;5D', 'q', '漢', '👩', '\r', ' ');

  it('finds the same keys wherever the bytes are split', () => {
    fc.assert(
      fc.property(fc.array(sequence), fc.array(fc.nat(40)), (sequences, cuts) => {
        const bytes = Buffer.from(sequences.join(''));
        const at = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
        const pieces = at.slice(1).map((end, index) => bytes.subarray(at[index], end));
        expect(read(...pieces)).toEqual(read(bytes));
        expect(read(bytes)).toHaveLength(sequences.length);
      }),
    );
  });

  it('never throws, and never keeps more than a beginning', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 200 })), (chunks) => {
        const reader = new KeyReader();
        for (const chunk of chunks) for (const key of reader.read(Buffer.from(chunk))) expect(key.length).toBeGreaterThan(0);
        expect(reader.flush().length).toBeLessThanOrEqual(1);
      }),
    );
  });
});
