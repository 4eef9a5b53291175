import { describe, expect, it } from 'vitest';
import { fieldsOrOff } from '../../src/config/fields-kind.ts';
import * as kinds from '../../src/config/kinds.ts';

const FIELDS = {
  path: { kind: kinds.string, default: '/', doc: 'what is asked' },
  every: { kind: kinds.durationMs, default: 2_000, doc: 'how often' },
  tries: { kind: kinds.integer(1, 9), default: 3, defaultText: 'three', doc: 'how many' },
};
const kind = fieldsOrOff({ fields: FIELDS, shorthand: 'path' });
const plain = fieldsOrOff({ fields: FIELDS });
const DEFAULTS = { path: '/', every: 2_000, tries: 3 };

describe('fieldsOrOff', () => {
  it.each([
    [false, null],
    [null, null],
    ['false', null],
    [true, DEFAULTS],
    ['true', DEFAULTS],
    [{}, DEFAULTS],
    [
      { every: '5s', tries: undefined },
      { ...DEFAULTS, every: 5_000 },
    ],
    ['/healthz', { ...DEFAULTS, path: '/healthz' }],
  ])('reads %j', (raw, value) => expect(kind.parse(raw)).toEqual({ value }));

  it.each([
    [{ evry: '5s' }, '.evry', 'one of path, every, tries'],
    [{ tries: 10 }, '.tries', 'a whole number from 1 to 9'],
    [{ path: '/', every: null }, '.every', 'a duration'],
    ['', '', 'a string'],
    [7, '', 'an object with path, every, tries, or true or false, or the path alone'],
    [[], '', 'an object with'],
  ])('refuses %j and says where', (raw, at, expected) => {
    expect(kind.parse(raw)).toEqual({ mismatch: { at, got: expect.any(String) as string, expected: expect.stringContaining(expected) as string } });
  });

  it('takes a text only where one field is its meaning', () => {
    expect(plain.parse('/healthz')).toMatchObject({ mismatch: { at: '' } });
    expect(plain.tsType).not.toContain('boolean | string');
  });

  it('refuses `true`, and offers it nowhere, where the defaults alone mean nothing', () => {
    const needed = fieldsOrOff({ fields: FIELDS, needsFields: true });
    expect(needed.parse(true)).toEqual({ mismatch: { at: '', got: 'true', expected: 'an object with path, every, tries, or false' } });
    expect(needed.parse(false)).toEqual({ value: null });
    expect(needed.label).not.toContain('true');
    expect(needed.tsType).toMatch(/^false \| \{/);
    expect(needed.schema).toMatchObject({ anyOf: [{ const: false }, { type: 'object' }] });
  });

  it('names the field that was meant', () => {
    expect(kind.parse({ evry: 1 })).toMatchObject({ mismatch: { got: 'evry, did you mean "every"?' } });
    expect(kind.parse({ colour: 1 })).toMatchObject({ mismatch: { got: 'colour' } });
  });

  it('describes its fields, with their defaults as one writes them', () => {
    expect(kind.label).toContain('`every`: how often (default `2s`); `tries`: how many (default `three`)');
    expect(kind.tsType).toBe(
      'boolean | string | { readonly path?: string | undefined; readonly every?: number | string | undefined; readonly tries?: number | undefined }',
    );
    expect(kind.schema).toMatchObject({
      anyOf: [{ type: 'boolean' }, { type: 'string' }, { additionalProperties: false, properties: { every: { description: 'how often' } } }],
    });
  });
});
