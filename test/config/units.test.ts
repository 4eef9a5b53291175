import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatBytes, formatDuration, parseBytes, parseDuration } from '../../src/config/units.ts';

const MIB = 1024 ** 2;

describe('bytes', () => {
  it.each([
    ['300M', 300 * MIB],
    ['1G', 1024 * MIB],
    ['512K', 512 * 1024],
    ['1.5g', 1536 * MIB],
    ['200MB', 200 * MIB],
    ['200 MiB', 200 * MIB],
    ['4096', 4096],
    ['12b', 12],
    [' 0 ', 0],
  ])('reads %s', (text, bytes) => expect(parseBytes(text)).toBe(bytes));

  it.each(['', 'M', '-1M', '1X', '1MM', '1,5G', '0x10', '1e3', 'Infinity', '99999999999999999999T'])('refuses %j', (text) =>
    expect(parseBytes(text)).toBeUndefined(),
  );

  it('reads back whatever it writes', () => {
    fc.assert(fc.property(fc.maxSafeNat(), (bytes) => parseBytes(formatBytes(bytes)) === bytes));
    fc.assert(
      fc.property(fc.nat(4096), fc.nat(3), (count, exponent) => {
        const bytes = count * 1024 ** exponent;
        return parseBytes(formatBytes(bytes)) === bytes;
      }),
    );
  });
});

describe('durations', () => {
  it.each([
    ['250', 250],
    ['250ms', 250],
    ['10s', 10_000],
    ['1m', 60_000],
    ['1h', 3_600_000],
    ['2D', 172_800_000],
    ['1.5 s', 1_500],
    ['0', 0],
  ])('reads %s', (text, ms) => expect(parseDuration(text)).toBe(ms));

  it.each(['', 's', '-1s', '1 week', '1min', '1e3', 'NaN'])('refuses %j', (text) => expect(parseDuration(text)).toBeUndefined());

  it('reads back whatever it writes', () => {
    fc.assert(fc.property(fc.maxSafeNat(), (ms) => parseDuration(formatDuration(ms)) === ms));
    fc.assert(
      fc.property(fc.nat(1000), fc.constantFrom(1, 1_000, 60_000, 3_600_000, 86_400_000), (count, unit) => {
        const ms = count * unit;
        return parseDuration(formatDuration(ms)) === ms;
      }),
    );
  });
});

it('never throws on any text', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      for (const value of [parseBytes(text), parseDuration(text)]) expect(value === undefined || Number.isSafeInteger(value)).toBe(true);
    }),
  );
});
