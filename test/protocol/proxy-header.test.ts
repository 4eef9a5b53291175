import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseProxyHeader, type ProxyHeader } from '../../src/protocol/proxy-header.ts';

const SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');

function v2(command: number, family: number, ...block: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(block);
  return Buffer.concat([SIGNATURE, Buffer.from([command, family, body.length >> 8, body.length & 255]), body]);
}

/** As the connection is read: never more than was asked for, often less. */
function readFrom(stream: Uint8Array, shorter: (asked: number) => number = (asked) => asked): { verdict: ProxyHeader; read: number; steps: number } {
  let read = 0;
  for (let steps = 0; ; steps++) {
    const verdict = parseProxyHeader(stream.subarray(0, read));
    if (verdict.verdict !== 'more' || read === stream.length) return { verdict, read, steps };
    expect(verdict.bytes).toBeGreaterThan(0);
    read = Math.min(stream.length, read + shorter(verdict.bytes));
  }
}

const verdictOn = (text: string | Uint8Array): ProxyHeader => readFrom(typeof text === 'string' ? Buffer.from(text, 'latin1') : text).verdict;
const ipv4 = (address: string, port: number): object => ({ address, port, family: 'IPv4' });
const ipv6 = (address: string, port: number): object => ({ address, port, family: 'IPv6' });

describe('version 1', () => {
  it.each([
    ['TCP4 192.0.2.7 198.51.100.1 56324 443', ipv4('192.0.2.7', 56324), ipv4('198.51.100.1', 443)],
    ['TCP4 0.0.0.0 255.255.255.255 0 65535', ipv4('0.0.0.0', 0), ipv4('255.255.255.255', 65535)],
    ['TCP6 :: :: 0 0', ipv6('::', 0), ipv6('::', 0)],
    ['TCP6 2001:DB8:0:0::7 ::ffff:192.0.2.1 1 2', ipv6('2001:db8::7', 1), ipv6('::ffff:192.0.2.1', 2)],
    ['UNKNOWN', null, null],
    ['UNKNOWN ffff::1 whatever 65535', null, null],
  ])('%s', (line, source, destination) => {
    const { verdict, read } = readFrom(Buffer.from(`PROXY ${line}\r\nGET /`));
    expect(verdict).toEqual({ verdict: 'header', source, destination });
    expect(read).toBe(`PROXY ${line}\r\n`.length);
  });

  it.each([
    'PROXY TCP4 192.0.2.7 198.51.100.1 56324\r\n',
    'PROXY TCP4 192.0.2.7 198.51.100.1 56324 443 \r\n',
    'PROXY TCP4 192.0.2.7  198.51.100.1 56324 443\r\n',
    'PROXY TCP4 192.0.2.256 198.51.100.1 56324 443\r\n',
    'PROXY TCP4 ::1 ::1 56324 443\r\n',
    'PROXY TCP6 192.0.2.7 198.51.100.1 56324 443\r\n',
    'PROXY TCP6 fe80::1%eth0 ::1 56324 443\r\n',
    'PROXY TCP4 192.0.2.7 198.51.100.1 65536 443\r\n',
    'PROXY TCP4 192.0.2.7 198.51.100.1 080 443\r\n',
    'PROXY TCP4 192.0.2.7 198.51.100.1 56324 443\n     ',
    'PROXY TCP4 192.0.2.7 198.51.100.1 56324 443\r\r\n',
    'PROXY TCP4\r\n     ',
    'PROXY UDP4 192.0.2.7 198.51.100.1 56324 443\r\n',
    'PROXY UNKNOWNS\r\n',
    'PROXY constructor\r\n',
    'proxy UNKNOWN\r\n',
    `PROXY UNKNOWN ${'x'.repeat(200)}\r\n`,
    `PROXY TCP6 ${'1'.repeat(200)}`,
    'GET / HTTP/1.1\r\n',
    'G',
  ])('refuses %j', (text) => {
    expect(verdictOn(text)).toMatchObject({ verdict: 'malformed' });
  });

  it('takes 107 bytes and not one more', () => {
    const unknown = (length: number): string => `PROXY UNKNOWN ${'x'.repeat(length - 16)}\r\n`;
    expect(verdictOn(unknown(107))).toMatchObject({ verdict: 'header' });
    expect(verdictOn(unknown(108))).toMatchObject({ verdict: 'malformed' });
  });

  it('needs few steps', () => {
    const steps = (line: string): number => readFrom(Buffer.from(`PROXY ${line}\r\n`)).steps;
    expect(steps('UNKNOWN')).toBe(1);
    expect(steps('TCP4 192.0.2.7 198.51.100.1 56324 443')).toBeLessThanOrEqual(7);
    expect(steps('TCP6 2001:db8::7 2001:db8::1 56324 443')).toBeLessThanOrEqual(10);
  });
});

describe('version 2', () => {
  const tcp4 = Buffer.from([192, 0, 2, 7, 198, 51, 100, 1, 0xdc, 0x04, 0x01, 0xbb]);
  const tcp6 = Buffer.from(`20010db8${'0'.repeat(23)}7${'0'.repeat(31)}1dc0401bb`, 'hex');
  const tlv = Buffer.from([0x04, 0, 3, 1, 2, 3]);

  it.each([
    ['TCP over IPv4', v2(0x21, 0x11, tcp4), ipv4('192.0.2.7', 56324), ipv4('198.51.100.1', 443)],
    ['TCP over IPv6', v2(0x21, 0x21, tcp6), ipv6('2001:db8::7', 56324), ipv6('::1', 443)],
    ['TLVs', v2(0x21, 0x11, tcp4, tlv, tlv), ipv4('192.0.2.7', 56324), ipv4('198.51.100.1', 443)],
    ['LOCAL', v2(0x20, 0x00), null, null],
    ['LOCAL with a family nobody knows', v2(0x20, 0xff, tlv), null, null],
    ['AF_UNSPEC', v2(0x21, 0x00, tlv), null, null],
    ['AF_UNIX', v2(0x21, 0x31, Buffer.alloc(216)), null, null],
    ['a datagram', v2(0x21, 0x12, tcp4), null, null],
    ['as long as it may be', v2(0x20, 0x00, Buffer.alloc(4_096)), null, null],
  ])('%s', (_, bytes, source, destination) => {
    expect(verdictOn(bytes)).toEqual({ verdict: 'header', source, destination });
  });

  it.each([
    ['version 3', v2(0x31, 0x11, tcp4)],
    ['an unknown command', v2(0x22, 0x11, tcp4)],
    ['an unknown family', v2(0x21, 0x41, tcp4)],
    ['shorter than its addresses', v2(0x21, 0x11, tcp4.subarray(1))],
    ['shorter than its IPv6 addresses', v2(0x21, 0x21, tcp4)],
    ['too long', v2(0x20, 0x00, Buffer.alloc(4_097))],
    ['a broken signature', Buffer.from('\r\n\r\n\0\r\nQUIX\n     ', 'latin1')],
  ])('refuses %s', (_, bytes) => {
    expect(verdictOn(bytes)).toMatchObject({ verdict: 'malformed' });
  });

  it('takes three steps', () => {
    expect(readFrom(v2(0x21, 0x11, tcp4, tlv)).steps).toBe(3);
  });
});

describe('any stream', () => {
  const port = fc.integer({ min: 0, max: 65_535 });
  const line = (protocol: string, address: fc.Arbitrary<string>): fc.Arbitrary<Buffer> =>
    fc
      .tuple(address, address, port, port)
      .map((fields) => Buffer.from(`PROXY ${protocol} ${fields.join(' ')}\r\n`))
      .filter(({ length }) => length <= 107);
  const unknown = fc.stringMatching(/^[ -~]{0,91}$/).map((rest) => Buffer.from(`PROXY UNKNOWN${rest === '' ? '' : ' '}${rest}\r\n`));
  const block = (min: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: min, maxLength: min + 300 });
  const binary = fc.oneof(
    block(12).map((bytes) => v2(0x21, 0x11, bytes)),
    block(36).map((bytes) => v2(0x21, 0x21, bytes)),
    block(0).map((bytes) => v2(0x20, 0x00, bytes)),
  );
  const valid = fc.oneof(line('TCP4', fc.ipV4()), line('TCP6', fc.ipV6()), unknown, binary);
  const seed = fc.infiniteStream(fc.nat());

  it('with a valid header is read to the end of the header, and no byte further', () => {
    fc.assert(
      fc.property(valid, fc.uint8Array(), seed, (header, payload, seeds) => {
        const { verdict, read } = readFrom(Buffer.concat([header, payload]), (asked) => 1 + ((seeds.next().value ?? 0) % asked));
        expect(verdict.verdict).toBe('header');
        expect(read).toBe(header.length);
        expect(readFrom(Buffer.concat([header, payload])).read).toBe(header.length);
      }),
      { numRuns: 2_000 },
    );
  });

  it('of garbage gets a verdict', () => {
    const damaged = fc.tuple(valid, fc.nat(), fc.nat(255)).map(([header, at, byte]) => {
      header[at % header.length] = byte;
      return header;
    });
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array(), damaged), (bytes) => {
        expect(['more', 'header', 'malformed']).toContain(parseProxyHeader(bytes).verdict);
        readFrom(bytes);
      }),
      { numRuns: 2_000 },
    );
  });
});
