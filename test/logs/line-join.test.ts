import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LineJoin } from '../../src/logs/line-join.ts';
import { LineSplitter } from '../../src/logs/line-splitter.ts';

/** A file to which several workers print; each step is what one of them prints, flushed if its line goes on. */
function fileOf(steps: readonly (readonly [source: string, text: string])[]): string {
  const join = new LineJoin<string>();
  const written: Buffer[] = [];
  const splitters = new Map<string, LineSplitter>();
  for (const [source, text] of steps) {
    const splitter = splitters.get(source) ?? new LineSplitter((piece) => written.push(Buffer.from(join.take(source, piece))));
    splitters.set(source, splitter);
    splitter.write(Buffer.from(text));
    splitter.flush();
  }
  for (const splitter of splitters.values()) splitter.end();
  return Buffer.concat(written).toString();
}

describe('LineJoin', () => {
  it('lets a line go on that nobody came between', () => {
    expect(
      fileOf(
        [
          ['a', 'waiting '],
          ['a', '. '],
          ['a', 'done\n'],
          ['b', 'hello\n'],
        ].map(([source = '', text = '']) => [source, text] as const),
      ),
    ).toBe('waiting . done\nhello\n');
  });

  it('ends a line that another source comes between, without an empty line afterwards', () => {
    expect(
      fileOf([
        ['a', 'waiting '],
        ['b', 'hello\n'],
        ['a', 'done\n'],
      ]),
    ).toBe('waiting \nhello\ndone\n');
    expect(
      fileOf([
        ['a', 'waiting '],
        ['b', 'hello\n'],
        ['a', '\nnext\n'],
      ]),
    ).toBe('waiting \nhello\nnext\n');
    expect(
      fileOf([
        ['a', 'waiting '],
        ['b', 'me too '],
        ['a', '\n'],
        ['b', 'done\n'],
      ]),
    ).toBe('waiting \nme too done\n');
  });

  it('puts output of one source alone into a line, and loses none', () => {
    const step = fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.array(fc.constantFrom('x', 'yy', '\n'), { minLength: 1, maxLength: 5 }));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
        // Each source prints letters of its own.
        const named = steps.map(([source, parts]) => [source, parts.map((part) => (part === '\n' ? part : `${source}${part}`)).join('')] as const);
        const file = fileOf(named);
        expect(file === '' || file.endsWith('\n')).toBe(true);
        for (const line of file.split('\n')) expect(new Set(line.replaceAll(/[xy]/g, '')).size).toBeLessThanOrEqual(1);
        for (const source of ['a', 'b', 'c']) {
          const own = (text: string): string => text.replaceAll('\n', '');
          const printed = named.filter(([from]) => from === source).map(([, text]) => text);
          const inFile = file.split('\n').filter((line) => line.startsWith(source));
          expect(inFile.join('')).toBe(own(printed.join('')));
        }
      }),
    );
  });
});
