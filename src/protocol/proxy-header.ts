import { isIPv4, isIPv6, SocketAddress } from 'node:net';

export interface Endpoint {
  readonly address: string;
  readonly port: number;
  readonly family: 'IPv4' | 'IPv6';
}

/** The endpoints of a connection, from its header. */
export interface Peer {
  readonly source: Endpoint;
  readonly destination: Endpoint | null;
}

export type ProxyHeader =
  /** Incomplete. At least this many bytes are missing, so reading them never reads past the header. */
  | { readonly verdict: 'more'; readonly bytes: number }
  /** Complete. Null (LOCAL, UNKNOWN, families without a TCP address) means the connection's own addresses. */
  | { readonly verdict: 'header'; readonly source: Endpoint | null; readonly destination: Endpoint | null }
  | { readonly verdict: 'malformed'; readonly reason: string };

type Family = Endpoint['family'];

const V2_SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
const V2_FIXED_BYTES = 16;
const V2_MAX_LENGTH_BYTES = 4_096;
const V2_COMMANDS: Readonly<Record<number, 'LOCAL' | 'PROXY'>> = { 0x20: 'LOCAL', 0x21: 'PROXY' };
/** By family and transport: TCP over IPv4 and IPv6. The others (unspecified, datagram, Unix socket) have no TCP address. */
const V2_ADDRESS_BYTES: Readonly<Record<number, 0 | 4 | 16>> = { 0x11: 4, 0x21: 16, 0x00: 0, 0x12: 0, 0x22: 0, 0x31: 0, 0x32: 0 };
const V1_PREFIX = Buffer.from('PROXY ', 'latin1');
const V1_MAX_BYTES = 107;
/** Null: ignore the rest of the line. */
const V1_FAMILIES: ReadonlyMap<string, Family | null> = new Map([
  ['TCP4', 'IPv4'],
  ['TCP6', 'IPv6'],
  ['UNKNOWN', null],
]);
/** `PROXY UNKNOWN` and CRLF, the shortest header of both versions. */
const SHORTEST_BYTES = 15;

/** Parses the PROXY protocol, versions 1 and 2 (haproxy's proxy-protocol.txt). Skips TLVs. @param bytes all bytes received so far */
export function parseProxyHeader(bytes: Uint8Array): ProxyHeader {
  const parse = beginsAs(bytes, V2_SIGNATURE) ? parseV2 : beginsAs(bytes, V1_PREFIX) ? parseV1 : undefined;
  if (parse === undefined) return malformed('neither version 1 nor version 2');
  return bytes.length < SHORTEST_BYTES ? more(SHORTEST_BYTES - bytes.length) : parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
}

function parseV2(bytes: Buffer): ProxyHeader {
  if (bytes.length < V2_FIXED_BYTES) return more(V2_FIXED_BYTES - bytes.length);
  const command = V2_COMMANDS[bytes.readUInt8(12)];
  if (command === undefined) return malformed('version 2 with an unknown version or command');
  const length = bytes.readUInt16BE(14);
  if (length > V2_MAX_LENGTH_BYTES) return malformed(`version 2 with a length of ${length}, above ${V2_MAX_LENGTH_BYTES}`);
  // With LOCAL, the addresses are ignored.
  const addressBytes = command === 'LOCAL' ? 0 : V2_ADDRESS_BYTES[bytes.readUInt8(13)];
  if (addressBytes === undefined) return malformed('version 2 with an unknown address family');
  if (addressBytes > 0 && length < 2 * addressBytes + 4) return malformed('version 2, shorter than its addresses');
  const missing = V2_FIXED_BYTES + length - bytes.length;
  if (missing > 0) return more(missing);
  return addressBytes === 0 ? header(null, null) : v2Addresses(bytes.subarray(V2_FIXED_BYTES), addressBytes);
}

function v2Addresses(block: Buffer, addressBytes: 4 | 16): ProxyHeader {
  const family = addressBytes === 4 ? 'IPv4' : 'IPv6';
  const end = (nth: 0 | 1): Endpoint => {
    const address = block.subarray(nth * addressBytes, (nth + 1) * addressBytes);
    const text = family === 'IPv4' ? address.join('.') : (address.toString('hex').match(/.{4}/g) ?? []).join(':');
    return endpoint(family, text, block.readUInt16BE(2 * addressBytes + 2 * nth));
  };
  return header(end(0), end(1));
}

function parseV1(bytes: Buffer): ProxyHeader {
  const text = bytes.toString('latin1');
  const [line, ending] = splitLine(text);
  if (ending === undefined) return malformed('version 1 without CRLF at its end');
  const [, protocol, ...fields] = line.split(' ');
  const family = V1_FAMILIES.get(protocol ?? '');
  if (family === undefined) return malformed('version 1 with an unknown protocol');
  if (family !== null && !areValid(fields, family, ending !== '')) return malformed('version 1 with an invalid address or port');
  if (ending === '\r\n') return family === null ? header(null, null) : v1Addresses(fields, family);
  const missing = '\r\n'.length - ending.length + (family === null || ending !== '' ? 0 : missingFields(fields, family));
  return text.length + missing > V1_MAX_BYTES ? malformed(`version 1, longer than ${V1_MAX_BYTES} bytes`) : more(missing);
}

/** The line, and the received part of its CRLF; undefined for another ending. */
function splitLine(text: string): [line: string, ending: '' | '\r' | '\r\n' | undefined] {
  const end = text.search(/[\r\n]/);
  if (end === -1) return [text, ''];
  const ending = text.slice(end);
  return [text.slice(0, end), ending === '\r' || ending === '\r\n' ? ending : undefined];
}

function v1Addresses([source = '', destination = '', sourcePort, destinationPort]: readonly string[], family: Family): ProxyHeader {
  return header(endpoint(family, source, Number(sourcePort)), endpoint(family, destination, Number(destinationPort)));
}

/** Checks source, destination and their ports. Until the line has ended, the last one may be incomplete. */
function areValid(fields: readonly string[], family: Family, ended: boolean): boolean {
  if (fields.length > 4 || (ended && fields.length < 4)) return false;
  const complete = ended ? fields : fields.slice(0, -1);
  return complete.every((field, index) => (index < 2 ? isAddress(field, family) : isPort(field)));
}

/** Minimum number of bytes that complete the fields of version 1, with the spaces between them. */
function missingFields(begun: readonly string[], family: Family): number {
  const last = Math.max(0, begun.length - 1);
  let missing = 3 - last;
  for (let index = last; index < 4; index++) missing += missingInField(begun[index] ?? '', index < 2 ? family : 'port');
  return missing;
}

function missingInField(begun: string, kind: Family | 'port'): number {
  if (kind === 'port') return begun === '' ? 1 : 0;
  if (kind === 'IPv6') return Math.max(0, '::'.length - begun.length);
  const dots = begun.split('.').length - 1;
  return Math.max(0, 2 * (3 - dots)) + (begun === '' || begun.endsWith('.') ? 1 : 0);
}

function isAddress(text: string, family: Family): boolean {
  return family === 'IPv4' ? isIPv4(text) : isIPv6(text) && !text.includes('%');
}

const isPort = (text: string): boolean => /^(0|[1-9]\d{0,4})$/.test(text) && Number(text) <= 65_535;

/** Normalizes the address. */
function endpoint(family: Family, text: string, port: number): Endpoint {
  const address = family === 'IPv4' ? text : new SocketAddress({ address: text, family: 'ipv6' }).address;
  return { address, port, family };
}

const beginsAs = (bytes: Uint8Array, expected: Buffer): boolean => {
  const length = Math.min(bytes.length, expected.length);
  return expected.compare(bytes, 0, length, 0, length) === 0;
};
const more = (bytes: number): ProxyHeader => ({ verdict: 'more', bytes });
const header = (source: Endpoint | null, destination: Endpoint | null): ProxyHeader => ({ verdict: 'header', source, destination });
const malformed = (reason: string): ProxyHeader => ({ verdict: 'malformed', reason });
