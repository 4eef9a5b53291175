import fc from 'fast-check';
import { expect, it } from 'vitest';
import { splitWords } from '../../src/config/split-words.ts';

it.each([
  ['', []],
  ['  a  b ', ['a', 'b']],
  ['--max-old-space-size=512 --inspect', ['--max-old-space-size=512', '--inspect']],
  ['--name "my app"', ['--name', 'my app']],
  ["--name='my app' x", ['--name=my app', 'x']],
  ['""', ['']],
  ['a\\ b', ['a b']],
  ['"say \\"hi\\""', ['say "hi"']],
  ['"C:\\dir"', ['C:\\dir']],
  ["'it''s'", ['its']],
])('splits %j', (line, words) => expect(splitWords(line)).toEqual(words));

it.each(['"open', "it's", 'a "b'])('refuses %j, which leaves a quote open', (line) => expect(splitWords(line)).toBeUndefined());

it('gives back words that were quoted', () => {
  const quote = (word: string): string => `'${word.replaceAll("'", `'"'"'`)}'`;
  fc.assert(
    fc.property(fc.array(fc.string()), (words) => {
      expect(splitWords(words.map(quote).join(' '))).toEqual(words);
    }),
  );
});
