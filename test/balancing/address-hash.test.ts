import { BlockList, isIP } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hashAddress } from '../../src/balancing/address-hash.ts';

const FULL = { v4: 32, v6: 128 };
const UNKNOWN = hashAddress(undefined, FULL);
const v4 = fc.ipV4();
const v6 = fc.ipV6();
const inBlock = (family: 'ipv4' | 'ipv6', network: string, bits: number, address: string): boolean => {
  const block = new BlockList();
  block.addSubnet(network, bits, family);
  return block.check(address, family);
};

describe('hashAddress', () => {
  it('is an unsigned 32-bit number that depends on the address', () => {
    const addresses = Array.from({ length: 5_000 }, (_, i) => (i % 2 === 0 ? `192.168.${i >> 8}.${i & 255}` : `fd00::${i.toString(16)}`));
    const hashes = addresses.map((address) => hashAddress(address, FULL));
    expect(new Set(hashes).size).toBe(5_000);
    for (const hash of hashes) expect(hash).toBe(hash >>> 0);
  });

  it('changes about half of its bits with each bit of an address', () => {
    const bits = (a: string, b: string): number => (hashAddress(a, FULL) ^ hashAddress(b, FULL)).toString(2).replace(/[^1]/g, '').length;
    const pairs = Array.from({ length: 2_000 }, (_, i) => bits(`10.0.${i >> 8}.${i & 255}`, `10.0.${i >> 8}.${(i & 255) ^ 1}`));
    expect(pairs.reduce((a, b) => a + b, 0) / pairs.length).toBeGreaterThan(10);
  });

  it.each([
    ['1.2.3.4', '::ffff:1.2.3.4'],
    ['1.2.3.4', '::FFFF:1.2.3.4'],
    ['1.2.3.4', '::ffff:102:304'],
    ['1.2.3.4', '0:0:0:0:0:ffff:0102:0304'],
    ['2001:db8::1', '2001:0DB8:0:0:0:0:0:1'],
    ['fe80::1', 'fe80::1%eth0'],
    ['64:ff9b::1.2.3.4', '64:ff9b::102:304'],
    ['::', '0::0'],
  ])('%s and %s are the same client', (one, other) => {
    expect(hashAddress(one, FULL)).not.toBe(UNKNOWN);
    expect(hashAddress(other, FULL)).toBe(hashAddress(one, FULL));
  });

  it.each([
    ['::1.2.3.4', '1.2.3.4'],
    ['::', '0.0.0.0'],
    ['1.2.3.4', '::1:0:ffff:102:304'],
    ['1.2.3.4', '1::ffff:102:304'],
    ['1.2.3.4', '::1:ffff:102:304'],
  ])('%s and %s are not', (one, other) => {
    expect(hashAddress(one, FULL)).not.toBe(hashAddress(other, FULL));
  });

  it('knows every address that Node knows, and nothing else', () => {
    const piece = fc.constantFrom('0', '1', 'ffff', 'FFFF', '::', ':', ':', '1.2.3.4', '.', '255', '256', '01', '12345', 'g', ' ', '-1', '/8');
    const text = fc.oneof(
      v4,
      v6,
      fc.string(),
      fc.array(piece, { maxLength: 16 }).map((pieces) => pieces.join('')),
    );
    fc.assert(
      fc.property(
        text.filter((address) => !address.includes('%')),
        (address) => {
          expect(hashAddress(address, FULL) !== UNKNOWN).toBe(isIP(address) !== 0);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it.each([
    '',
    '1.2.3',
    '1.2.3.4.5',
    '1..2.3',
    '1.2.3.256',
    '01.2.3.4',
    ' 1.2.3.4',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4::5:6:7:8',
    '1::2::3',
    '1.2.3.4::',
    '::12345',
    '/run/app.sock',
  ])('%j is no address', (text) => {
    expect(hashAddress(text, FULL)).toBe(UNKNOWN);
  });

  it('never throws, and garbage is an unknown client under every prefix', () => {
    fc.assert(
      fc.property(
        fc.string().filter((text) => isIP(text.split('%')[0] ?? '') === 0),
        fc.nat(32),
        fc.nat(128),
        (text, bits4, bits6) => {
          expect(hashAddress(text, { v4: bits4, v6: bits6 })).toBe(UNKNOWN);
        },
      ),
    );
  });

  it.each([
    { family: 'ipv4' as const, addresses: v4, length: 32 },
    { family: 'ipv6' as const, addresses: v6.filter((address) => !/ffff:|\./i.test(address)), length: 128 },
  ])('$family: clients of a network of the prefix length are one client, others are not', ({ family, addresses, length }) => {
    fc.assert(
      fc.property(addresses, addresses, fc.integer({ min: 0, max: length }), (one, other, bits) => {
        const prefix = { v4: bits, v6: bits };
        expect(hashAddress(one, prefix) === hashAddress(other, prefix)).toBe(inBlock(family, one, bits, other));
      }),
    );
  });

  it.each([
    { prefix: { v4: 24, v6: 64 }, one: '10.1.2.3', other: '10.1.2.200', same: true },
    { prefix: { v4: 24, v6: 64 }, one: '10.1.2.3', other: '10.1.3.3', same: false },
    { prefix: { v4: 24, v6: 64 }, one: '10.1.2.3', other: '::ffff:10.1.2.9', same: true },
    { prefix: { v4: 25, v6: 64 }, one: '10.1.2.127', other: '10.1.2.128', same: false },
    { prefix: { v4: 32, v6: 64 }, one: '2001:db8:1:2::1', other: '2001:db8:1:2:ffff::9', same: true },
    { prefix: { v4: 32, v6: 64 }, one: '2001:db8:1:2::1', other: '2001:db8:1:3::1', same: false },
    { prefix: { v4: 32, v6: 49 }, one: '2001:db8:1:7fff::', other: '2001:db8:1:8000::', same: false },
    { prefix: { v4: 0, v6: 0 }, one: '1.2.3.4', other: '200.1.1.1', same: true },
    { prefix: { v4: 0, v6: 0 }, one: '1.2.3.4', other: '::1', same: false },
  ])('/$prefix.v4 and /$prefix.v6: $one and $other, the same: $same', ({ prefix, one, other, same }) => {
    expect(hashAddress(one, prefix) === hashAddress(other, prefix)).toBe(same);
  });
});
