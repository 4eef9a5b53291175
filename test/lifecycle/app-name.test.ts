import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expectedName, fileNameOf, nameInPath, normalName } from '../../src/lifecycle/app-name.ts';

const isName = (text: string): boolean => expectedName(normalName(text)) === undefined;

const WORDS = [
  'a',
  'Z',
  '7',
  'é',
  'e\u0301',
  'ß',
  '日',
  '本',
  'ع',
  'ि',
  'क',
  'ไ',
  'ท',
  '한',
  '🚀',
  '❤️',
  '👍🏽',
  '👨‍👩‍👧‍👦',
  '👩🏽‍🚀',
  '🏳️‍🌈',
  '🇩🇪',
  '1️⃣',
  '\u{1F3F4}\u{E0067}\u{E0062}\u{E0073}\u{E0063}\u{E0074}\u{E007F}',
  'ℹ️',
  '.',
  '_',
  '-',
  ' ',
];
const assembled = fc.array(fc.constantFrom(...WORDS), { maxLength: 24 }).map((parts) => parts.join(''));

describe('a name', () => {
  it.each([
    'api',
    'a',
    '0',
    'my-app_2.v3',
    'My API',
    'a b c',
    '@org/api',
    'a/b',
    'api:3000',
    'My API (prod)',
    '_api',
    '[beta] api',
    '日本語 API 🚀',
    'خدمة الطلبات',
    'e\u0301tude',
    'Ünïcödé',
    'हिन्दी',
    'ไทย',
    '한국어',
    '🚀',
    '👨‍👩‍👧‍👦 home',
    '👩🏽‍🚀',
    '🇩🇪',
    '1️⃣ first',
    '❤️',
    'ℹ️ info',
    // Without a variation selector, and newer than the Unicode of some Node.js.
    '❤',
    '\u{1FAE9}',
    '\u{1FAFF}',
    'x'.repeat(64),
    '本'.repeat(42),
  ])('may be %j', (name) => expect(isName(name)).toBe(true));

  it.each([
    '',
    ' ',
    'all',
    ' api',
    'api ',
    'a  b',
    'a\u00a0b',
    'a\u3000b',
    'a\tb',
    'a\nb',
    'a\0b',
    '/a/',
    'a\\b',
    '-api',
    '.api',
    '..',
    'a,b',
    "a'b",
    'a"b',
    'a$b',
    '<b>',
    'a\u202eb',
    'a\u2066b',
    'a\u200fb',
    'a\u061cb',
    'a\u200bb',
    'a\u200db',
    'a\ufe0f',
    'a\ufeffb',
    'a\u3164b',
    'a\u034fb',
    'a\u{e0061}',
    '🚀\u200d',
    '\u200d🚀',
    '\u0301a',
    'a \u0301',
    'a\ud800',
    '🏽',
    '🇩',
    'x'.repeat(65),
    '本'.repeat(43),
    '👨‍👩‍👧‍👦'.repeat(6),
  ])('may not be %j', (name) => expect(isName(name)).toBe(false));

  it('is told what is expected of it', () => {
    expect(expectedName('all')).toBe('a name other than "all", which stands for every app');
    expect(expectedName('a,b')).toBe(
      'a name of letters, digits, emoji, single blanks inside and any of . _ - @ / : ( ) [ ] + # & = ~ ! (first a letter, digit, emoji, @, _, ( or [; at most 64 characters and 128 bytes)',
    );
  });

  it('has one form, whichever it was typed in', () => {
    expect(normalName('cafe\u0301')).toBe('caf\u00e9');
    fc.assert(
      fc.property(assembled, (name) => {
        expect(isName(name.normalize('NFD'))).toBe(isName(name));
      }),
    );
  });

  it('is made of these parts, with blanks between them only', () => {
    fc.assert(
      fc.property(assembled, (name) => {
        const { length } = [...normalName(name)];
        const fits = length <= 64 && Buffer.byteLength(normalName(name)) <= 128;
        expect(isName(name)).toBe(fits && length > 0 && !/^[ .-]|^ि| $| {2}| ि/.test(name));
      }),
    );
  });

  it('never holds what is not seen, breaks a path or a line, and its longest file names are legal', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' })), (text) => {
        if (!isName(text)) return;
        expect(text).not.toMatch(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\\,'"`$]|\u202a|\u202e/u);
        const file = fileNameOf(normalName(text));
        expect(file).not.toMatch(/[/:]|^[.-]/u);
        expect(Buffer.byteLength(`${file}-999999-4194304-20261120T143242123.heapsnapshot.tmp`)).toBeLessThan(255);
      }),
      { numRuns: 2_000 },
    );
  });

  it('is decided at once, however it is made', () => {
    expect(isName(`${'ℹ'.repeat(40)}?`)).toBe(false);
    expect(isName(`${'1'.repeat(63)}?`)).toBe(false);
  });
});

it('a name in a path is decoded; one that cannot be is the name of no app', () => {
  expect(nameInPath(encodeURIComponent('日本語 API 🚀'))).toBe('日本語 API 🚀');
  expect(nameInPath('cafe%CC%81')).toBe('caf\u00e9');
  expect(isName(nameInPath('%E6'))).toBe(false);
});

describe('the name of its files', () => {
  it('is its own where that is safe', () => {
    for (const name of ['api', 'My API', 'my-app_2.v3', '日本語 API 🚀', 'e\u0301tude']) expect(fileNameOf(name)).toBe(name);
  });

  it('is what is safe of it, and a hash, elsewhere', () => {
    expect(fileNameOf('@org/api')).toBe('org_api-6989c3ac');
    for (const name of ['@org/api', 'a/b', 'api:3000', 'My API (prod)', '[]', '@日本', `${'x'.repeat(40)}/${'y'.repeat(23)}`])
      expect(fileNameOf(name)).toMatch(/^[A-Za-z\d][A-Za-z\d._-]{0,59}-[0-9a-f]{8}$/);
    expect(new Set(['a/b', 'a:b', 'a_b', '(a b'].map(fileNameOf)).size).toBe(4);
  });
});
