import { describe, expect, it } from 'vitest';
import { cidrList } from '../../src/config/cidr-kind.ts';

describe('cidrList', () => {
  it.each([
    ['10.0.0.0/8', ['10.0.0.0/8']],
    ['10.0.0.0/8, 192.168.1.7 ::1', ['10.0.0.0/8', '192.168.1.7', '::1']],
    [
      ['0.0.0.0/0', '::/0', '::ffff:10.0.0.1', 'FD00::/8'],
      ['0.0.0.0/0', '::/0', '::ffff:10.0.0.1', 'FD00::/8'],
    ],
    [['127.0.0.1', '127.0.0.1'], ['127.0.0.1']],
  ])('reads %j', (raw, value) => {
    expect(cidrList.parse(raw)).toEqual({ value });
  });

  it.each([
    '10.0.0.0/33',
    '::/129',
    '10.0.0/8',
    '10.0.0.0/',
    '10.0.0.0/-1',
    '10.0.0.0/8/8',
    'localhost',
    'fe80::1%eth0',
    '/8',
    '1::2::3',
    '10.0.0.1\0',
    '',
    ',',
    10,
    null,
    {},
    [],
  ])('refuses %j', (raw) => {
    expect(cidrList.parse(raw)).toMatchObject({ mismatch: { expected: 'an IP address or a CIDR block, such as "10.0.0.0/8"', at: '' } });
  });

  it('says which item is wrong', () => {
    expect(cidrList.parse(['10.0.0.0/8', 'x'])).toMatchObject({ mismatch: { got: '"x"', at: '[1]' } });
    expect(cidrList.parse(['10.0.0.0/8', 8])).toMatchObject({ mismatch: { at: '[1]' } });
  });
});
