import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { byteSize } from '../../src/lifecycle/wording.ts';
import { age, count, millis, percent, share } from '../../src/monitor/format.ts';

describe('values of a table', () => {
  it.each([
    [count, 0.44, '0.4'],
    [count, 37, '37'],
    [count, 12_345, '12.3k'],
    [count, 480_000, '480k'],
    [count, 1_200_000, '1.2M'],
    [byteSize, null, '-'],
    [byteSize, 65_431_000, '62.4M'],
    [byteSize, 2_200_000_000, '2.0G'],
    [millis, 0.18, '0.2ms'],
    [millis, 8.24, '8.2ms'],
    [millis, 312.4, '312ms'],
    [millis, 1_500, '1.5s'],
    [millis, 12_000, '12s'],
    [percent, 0.4, '0.4%'],
    [percent, 99.6, '100%'],
    [share, 0.5, '50%'],
    [age, 8_000, '8s'],
    [age, 720_000, '12m'],
    [age, 7_300_000, '2h'],
    [age, 31 * 86_400_000, '31d'],
  ] as const)('%o of %s is %s', (format, value, text) => {
    expect((format as (value: number | null) => string)(value)).toBe(text);
  });

  it('have five columns at most, as long as they are possible at all', () => {
    const within = (max: number, ...formats: readonly ((value: number) => string)[]): void =>
      fc.assert(fc.property(fc.double({ min: 0, max, noNaN: true }), (value) => formats.every((format) => format(value).length <= 5)));
    within(1e9, count, millis, (value) => percent(Math.min(value, 9_999)), age);
    within(1e12, byteSize, age);
  });
});
