import { expect, it } from 'vitest';
import { age, count, millis, percent, plainText, share, size } from '../../../src/dashboard/web/format.ts';

const MIB = 1024 ** 2;

it.each([
  [count(0), '0'],
  [count(0.44), '0.4'],
  [count(37.6), '38'],
  [count(9_999), '9999'],
  [count(12_340), '12.3k'],
  [count(2_000_000), '2M'],
  [count(null), '–'],
  [size(620 * 1024), '620 KB'],
  [size(62.44 * MIB), '62.4 MB'],
  [size(999 * MIB), '999 MB'],
  [size(1229 * MIB), '1.2 GB'],
  [millis(0), '0 ms'],
  [millis(0.184), '0.18 ms'],
  [millis(8.2), '8.2 ms'],
  [millis(312.4), '312 ms'],
  [millis(4500), '4.5 s'],
  [percent(0.4), '0.4%'],
  [percent(61.2), '61%'],
  [percent(9.97), '10%'],
  [percent(3), '3%'],
  [share(0.015), '1.5%'],
  [share(null), '–'],
  [age(0), '0s'],
  [age(8_400), '8s'],
  [age(723_000), '12m 3s'],
  [age(3_600_000), '1h'],
  [age(3 * 86_400_000 + 4 * 3_600_000 + 59_000), '3d 4h'],
  [age(null), '–'],
])('%s', (got, expected) => {
  expect(got).toBe(expected);
});

it('leaves the colours and titles of a terminal out of a line', () => {
  expect(plainText('\u001b[1;31mError\u001b[0m: \u001b]0;title\u0007no \u001b[2Kway')).toBe('Error: no way');
  expect(plainText('[not] a \\u001b escape')).toBe('[not] a \\u001b escape');
});
