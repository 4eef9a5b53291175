import { describe, expect, it } from 'vitest';
import { age, count, duration, percent, wrap } from '../../src/cli/output/format.ts';
import { slotColor } from '../../src/cli/output/log-view.ts';
import { colorLevel } from '../../src/cli/output/style.ts';

it.each([
  [0, '0s'],
  [59_999, '59s'],
  [60_000, '1m'],
  [123_000, '2m 3s'],
  [3_600_000, '1h'],
  [15_000_000, '4h 10m'],
  [273_600_000, '3d 4h'],
])('age of %s ms', (ms, text) => {
  expect(age(ms)).toBe(text);
});

it.each([
  [312.4, '312 ms'],
  [3_000, '3 s'],
  [125_000, '2 m 5 s'],
])('duration of %s ms', (ms, text) => {
  expect(duration(ms)).toBe(text);
});

it.each([
  [0, '0'],
  [0.44, '0.4'],
  [9.96, '10'],
  [421.7, '422'],
  [9_999, '9999'],
  [12_345, '12.3k'],
  [999_940, '999.9k'],
  [2_000_000, '2M'],
])('count of %s', (value, text) => {
  expect(count(value)).toBe(text);
});

it('percent', () => expect([percent(null), percent(12.6), percent(1600)]).toEqual(['-', '13%', '1600%']));

it('wraps at words', () => {
  expect(wrap('error: a bc def /a/long/path x', 12)).toEqual(['error: a', 'bc def', '/a/long/path', 'x']);
  expect(wrap('one\ntwo three', null)).toEqual(['one', 'two three']);
});

describe('colour', () => {
  const terminal = { write: () => true, once: () => {}, isTTY: true };
  const pipe = { write: () => true, once: () => {} };
  const isColored = (sink: typeof pipe, env: NodeJS.ProcessEnv): boolean => colorLevel(sink, env) > 0;

  it('is for terminals, NO_COLOR and FORCE_COLOR decide before that', () => {
    expect(isColored(terminal, {})).toBe(true);
    expect(isColored(pipe, {})).toBe(false);
    expect(isColored(terminal, { NO_COLOR: '1' })).toBe(false);
    expect(isColored(terminal, { NO_COLOR: '' })).toBe(true);
    expect(isColored(pipe, { FORCE_COLOR: '1' })).toBe(true);
    expect(isColored(terminal, { FORCE_COLOR: '0' })).toBe(false);
    expect(isColored(terminal, { TERM: 'dumb' })).toBe(false);
    expect(isColored(pipe, { FORCE_COLOR: '1', NO_COLOR: '1' })).toBe(false);
    expect(['', 'true', '2', '3'].map((value) => colorLevel(pipe, { FORCE_COLOR: value }))).toEqual([1, 1, 2, 3]);
  });

  it('is stable per slot and differs between neighbours', () => {
    expect(slotColor('api', 3)).toBe(slotColor('api', 3));
    for (let slot = 0; slot < 20; slot++) expect(slotColor('api', slot)).not.toBe(slotColor('api', slot + 1));
  });
});
