import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ROOT } from './helpers/paths.ts';

/** docs/reliability.md and the titles of the tests name the same promises. */

const PAGE = readFileSync(join(ROOT, 'docs/reliability.md'), 'utf8');
const UNTESTED = 'not tested yet';

interface Promised {
  readonly number: string;
  /** Cell of the column "test". */
  readonly tests: string;
}

const promises: readonly Promised[] = [...PAGE.matchAll(/^\| (S\d+) \|.*\| (.+) \|$/gm)].map(([, number = '', tests = '']) => ({ number, tests }));

/** `file: title` of each test that the page names. */
const named = promises.flatMap(({ tests }) => [...tests.matchAll(/\]\(\.\.\/([^)]+)\): (.+?)(?=<br>|$)/g)].map(([, file, title]) => `${file}: ${title}`));

/** `file: title` of each test whose title begins with a number; what the test fills in is `…`. */
const titled = readdirSync(join(ROOT, 'test'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.test.ts'))
  .flatMap((file) => {
    const titles = readFileSync(join(ROOT, 'test', file), 'utf8').matchAll(/(['"`])(S\d+: (?:(?!\1).)+)\1/g);
    return [...titles].map(([, , title = '']) => `test/${file}: ${title.replaceAll(/\$\{\w+\}|%\w|\$\w+/g, '…')}`);
  });

it('each test of a promise is on the page, and each test on the page exists', () => {
  expect(titled.length).toBeGreaterThan(40);
  expect([...named].sort()).toEqual([...titled].sort());
});

it('a test stands beside the promise whose number it has', () => {
  for (const { number, tests } of promises) {
    const numbers = tests === UNTESTED ? [] : tests.split('<br>').map((test) => /: (S\d+): /.exec(test)?.[1]);
    expect(new Set(numbers), number).toEqual(new Set(tests === UNTESTED ? [] : [number]));
  }
});

it('each promise has one line', () => {
  const numbers = promises.map(({ number }) => Number(number.slice(1))).sort((a, b) => a - b);
  expect(numbers).toEqual(numbers.map((_, index) => index + 1));
});

it('each promise stands in a table', () => {
  const table = /^\| # \| promise \| expected loss \| test \|\n\|(?:---\|)+\n(?:\|.*\n)+/gm;
  const outside = [...PAGE.replaceAll(table, '').matchAll(/^\| (S\d+) \|/gm)].map(([, number]) => number);
  expect(outside).toEqual([]);
});
