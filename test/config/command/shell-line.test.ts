import { describe, expect, it } from 'vitest';
import { lastCommand, readShellLine, typed } from '../../../src/config/command/shell-line.ts';

const VARIABLES: Readonly<Record<string, string>> = { PORT: '4000', EMPTY: '' };
const read = (line: string): ReturnType<typeof readShellLine> => readShellLine(line, (name) => VARIABLES[name]);

describe('readShellLine', () => {
  it.each([
    ['node  dist/main.js', ['node', 'dist/main.js']],
    [`node 'a b' "c d" e\\ f`, ['node', 'a b', 'c d', 'e f']],
    [`node "say \\"hi\\"" 'it'"'"'s' ""`, ['node', 'say "hi"', "it's", '']],
    ['next start -p $PORT', ['next', 'start', '-p', '4000']],
    ['next start -p ${PORT:-3000} -H "${HOST:-0.0.0.0}"', ['next', 'start', '-p', '4000', '-H', '0.0.0.0']],
    ["echo '$PORT' $5 a$", ['echo', '$PORT', '', 'a$']],
    ['node x ${EMPTY:-full}', ['node', 'x', 'full']],
    [`node 'a|b' "a && b"`, ['node', 'a|b', 'a && b']],
  ])('%s', (line, words) => {
    expect(read(line)).toEqual({ env: new Map(), words });
  });

  it('splits assignments off', () => {
    expect(read('NODE_ENV=production A="b c" node x.js B=2')).toEqual({
      env: new Map([
        ['NODE_ENV', 'production'],
        ['A', 'b c'],
      ]),
      words: ['node', 'x.js', 'B=2'],
    });
  });

  it.each([
    ['npm run build && node x.js', '&&'],
    ['node x.js | pino-pretty', '|'],
    ['node x.js || true', '||'],
    ['node x.js > log', '>'],
    ['node x.js 2>&1', '2>&1'],
    ['node x.js &', '&'],
    ['a; b', ';'],
    ['node $(which x)', '$('],
    ['node "$(which x)"', '$('],
    ['node `which x`', '`'],
    ['node dist/*.js', '*'],
    ['node ${PORT%0}', '${'],
    ['node $@', '$@'],
    ['(node x)', '('],
    ['node "x', '"'],
  ])('%s needs a shell: %s', (line, operator) => {
    expect(read(line)).toEqual({ operator });
  });
});

it.each([
  ['npm run build && node x.js --a', 'node x.js --a'],
  ['a; b', 'b'],
  ['node x.js', undefined],
])('the last command of %s', (line, last) => {
  expect(lastCommand(line)).toBe(last);
});

it('types words so that a shell reads the same', () => {
  const words = ['node', '--import', 'tsx', 'src/my app.ts', '--flag=1'];
  expect(typed(words)).toBe("node --import tsx 'src/my app.ts' --flag=1");
  expect(read(typed(words))).toMatchObject({ words });
});
