import { mix } from './mix.ts';

/** Number of leading bits of an address that identify a client. */
interface Prefix {
  readonly v4: number;
  readonly v6: number;
}

const DOT = 46;
const ZERO = 48;
/** Different seeds: the same bits are different clients in IPv4 and IPv6, and neither is the unknown client. */
const V4_SEED = 4;
const V6_SEED = 6;
const UNKNOWN = mix(1) >>> 0;

/**
 * 32-bit hash of a client address truncated to its prefix; the same for `::ffff:1.2.3.4` and `1.2.3.4`. An invalid address
 * hashes like an unknown client.
 */
export function hashAddress(address: string | undefined, prefix: Prefix): number {
  if (address === undefined) return UNKNOWN;
  const v4 = parseV4(address, address.startsWith('::ffff:') ? 7 : 0);
  if (v4 !== null) return hashWords([v4], prefix.v4, V4_SEED);
  const words = parseV6(address);
  if (words === null) return UNKNOWN;
  const [high, middle, mapped, low] = words;
  if (high === 0 && middle === 0 && mapped === 0xffff) return hashWords([low], prefix.v4, V4_SEED);
  return hashWords(words, prefix.v6, V6_SEED);
}

function hashWords(words: readonly number[], prefix: number, seed: number): number {
  let hash = seed;
  let bits = prefix;
  for (const word of words) {
    hash = mix(hash ^ leading(word, bits));
    bits -= 32;
  }
  return hash >>> 0;
}

/** The first `bits` bits of 32. */
function leading(word: number, bits: number): number {
  if (bits <= 0) return 0;
  return bits >= 32 ? word : word & (-1 << (32 - bits));
}

/** Hand-written because it runs for every connection: splitting the text costs several times as much. */
function parseV4(text: string, from: number): number | null {
  let word = 0;
  let dots = 0;
  let value = 0;
  let digits = 0;
  for (let i = from; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === DOT && digits > 0) {
      word = (word << 8) | value;
      dots++;
      value = digits = 0;
      continue;
    }
    const digit = code - ZERO;
    value = value * 10 + digit;
    digits++;
    const isOctet = digit >= 0 && digit <= 9 && value <= 255 && (digits === 1 || value >= 10 ** (digits - 1));
    if (!isOctet) return null;
  }
  return dots === 3 && digits > 0 ? (word << 8) | value : null;
}

/** Four 32-bit words. */
function parseV6(text: string): readonly [number, number, number, number] | null {
  const zone = text.indexOf('%');
  const [head = '', tail, ...more] = (zone === -1 ? text : text.slice(0, zone)).split('::');
  const before = parseGroups(head, tail === undefined);
  const after = parseGroups(tail ?? '', true);
  if (before === null || after === null || more.length > 0) return null;
  const missing = 8 - before.length - after.length;
  if (tail === undefined ? missing !== 0 : missing < 1) return null;
  const groups = [...before, ...new Array<number>(missing).fill(0), ...after];
  const word = (index: number): number => ((groups[index] ?? 0) << 16) | (groups[index + 1] ?? 0);
  return [word(0), word(2), word(4), word(6)];
}

/** 16-bit groups; an IPv4 address may stand for the last two. */
function parseGroups(text: string, isEnd: boolean): readonly number[] | null {
  if (text === '') return [];
  const groups: number[] = [];
  const parts = text.split(':');
  for (const [index, group] of parts.entries()) {
    const v4 = isEnd && index === parts.length - 1 ? parseV4(group, 0) : null;
    if (v4 !== null) groups.push(v4 >>> 16, v4 & 0xffff);
    else if (/^[0-9a-f]{1,4}$/i.test(group)) groups.push(Number.parseInt(group, 16));
    else return null;
  }
  return groups;
}
