import { expect, it } from 'vitest';
import { byteSize, describeLowLimit, hostAndPort, plural, withoutApp } from '../../src/lifecycle/wording.ts';

it.each([
  [null, '-'],
  [0, '0B'],
  [153, '153B'],
  [1023, '1023B'],
  [1024, '1K'],
  [65_431_000, '62.4M'],
  [1_000 * 1024 ** 2, '1.0G'],
  [999 * 1024 ** 2, '999M'],
  [200 * 1024 ** 3, '200G'],
])('size of %s bytes', (bytes, text) => {
  expect(byteSize(bytes)).toBe(text);
});

it('one of something, several of others', () => {
  expect([0, 1, 2].map((amount) => plural(amount, 'worker'))).toEqual(['0 workers', '1 worker', '2 workers']);
});

it.each([
  ['127.0.0.1', '127.0.0.1:80'],
  ['::1', '[::1]:80'],
  [null, '80'],
])('host %s and port 80 are written %s', (host, written) => expect(hostAndPort(host, 80)).toBe(written));

it.each([
  ['api reloaded, 2 workers', 'reloaded, 2 workers'],
  ['api is stopped', 'stopped'],
  ['app "api" has not started yet: no database', 'has not started yet: no database'],
  ['reload of "api" failed: no database', 'reload failed: no database'],
  ['something else', 'something else'],
])('%s, where the app is named already', (message, without) => expect(withoutApp(message, 'api')).toBe(without));

it('a limit that is too low is told with the time until the next replacement', () => {
  const low = { message: 'max_requests is too low: limit 9', inARow: 3, againInMs: 4_000 };
  expect(describeLowLimit(low)).toBe('max_requests is too low: limit 9; replaced 3 times in a row, again in 4.0 s');
  expect(describeLowLimit({ ...low, againInMs: null })).toBe('max_requests is too low: limit 9; replaced 3 times in a row');
});
