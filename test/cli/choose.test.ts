import { describe, expect, it } from 'vitest';
import { choose, onlyOne } from '../../src/cli/choose.ts';
import { LbError } from '../../src/errors/lb-error.ts';

const APPS = [{ name: 'web', ids: [3] }, { name: 'api', ids: [0, 1, 4] }, { name: '3', ids: [2] }, { name: 'caf\u00e9', ids: [5] }, { name: 'old' }];
const of = (word: string): unknown => choose(APPS, word).chosen.map(({ app, slot }) => (slot === null ? app.name : [app.name, slot]));
const problem = (work: () => unknown): string => {
  try {
    work();
    return '';
  } catch (error) {
    return LbError.from(error).message;
  }
};

describe('choose', () => {
  it.each([
    ['api', ['api']],
    ['cafe\u0301', ['caf\u00e9']],
    ['3', ['3']],
    ['4', [['api', 2]]],
    ['0', [['api', 0]]],
    ['2', ['3']],
    ['/^a|B$/i', ['api', 'web']],
    ['/^[aw]/', ['api', 'web']],
    ['all', ['3', 'api', 'caf\u00e9', 'old', 'web']],
  ])('%s', (word, expected) => {
    expect(of(word)).toEqual(expected);
  });

  it('knows what stands for however many there are', () => {
    expect(['all', '/x|api/', 'api', '4'].map((word) => choose(APPS, word).isGroup)).toEqual([true, true, false, false]);
    expect(choose([], 'all').chosen).toEqual([]);
  });

  it.each([
    ['ap', 'no app named "ap", did you mean "api"?'],
    ['9', 'no app named "9", and no id 9'],
    ['/x/', 'no app has a name that matches /x/'],
    ['/(/', 'expected a regular expression (Unterminated group), got "/(/"'],
    ['/srv/app', 'no app named "/srv/app"'],
  ])('says what is wrong with %s', (word, message) => {
    expect(problem(() => choose(APPS, word))).toBe(message);
  });
});

it('onlyOne refuses a word for several apps', () => {
  expect(onlyOne('/^ap/', choose(APPS, '/^ap/')).app.name).toBe('api');
  expect(problem(() => onlyOne('/^[aw]/', choose(APPS, '/^[aw]/')))).toBe('expected one app, and "/^[aw]/" stands for api, web');
});
