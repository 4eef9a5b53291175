import { expect, it } from 'vitest';
import { headers } from '../../src/config/headers-kind.ts';

it.each([
  [{ 'X-Probe': 'yes', Authorization: 'Bearer abc' }],
  [
    [
      { name: 'X-Probe', value: 'yes' },
      { name: 'Authorization', value: 'Bearer abc' },
    ],
  ],
])('%j are headers', (raw) => {
  expect(headers.parse(raw)).toEqual({ value: { 'X-Probe': 'yes', Authorization: 'Bearer abc' } });
});

it.each([
  ['X-Probe: yes', 'an object of headers, or a list of { name, value }', ''],
  [{ 'X Probe': 'yes' }, 'the name of a header', '.X Probe'],
  [{ 'X-Probe': 'yes\r\nHost: other' }, 'text without line breaks', '.X-Probe'],
  [{ 'X-Probe': 5 }, 'text without line breaks', '.X-Probe'],
  [{ Connection: 'keep-alive' }, 'a header that does not belong to the connection', '.Connection'],
  [['X-Probe'], '{ name, value }', '[0]'],
  [
    [
      { name: 'X-Probe', value: '1' },
      { name: 'x-probe', value: '2' },
    ],
    'each header once',
    '[1]',
  ],
])('%j are none', (raw, expected, at) => {
  expect(headers.parse(raw)).toMatchObject({ mismatch: { expected, at } });
});

it('a message never repeats a value, which may be secret', () => {
  expect(JSON.stringify(headers.parse({ Authorization: 'hunter2\n' }))).not.toContain('hunter2');
});
