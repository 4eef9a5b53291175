import { isIP, isIPv4 } from 'node:net';
import { describe } from './describe.ts';
import { isCleanText, type Kind, type Parsed } from './kind.ts';

const EXPECTED = 'an IP address or a CIDR block, such as "10.0.0.0/8"';

/** Addresses and CIDR blocks: an array, or a string separated by commas or spaces. Not empty: that would allow none. */
export const cidrList: Kind<readonly string[]> = {
  label: 'array of addresses and CIDR blocks, or `"10.0.0.0/8,::1"`',
  tsType: 'string | readonly string[]',
  schema: {
    anyOf: [
      { type: 'string', minLength: 1 },
      { type: 'array', items: { type: 'string' }, minItems: 1 },
    ],
  },
  parse(raw) {
    const items: readonly unknown[] = Array.isArray(raw) ? raw : isCleanText(raw) ? raw.split(/[\s,]+/).filter(Boolean) : [raw];
    if (items.length === 0) return mismatch(raw);
    const blocks: string[] = [];
    for (const [index, item] of items.entries()) {
      if (!isCidr(item)) return mismatch(item, Array.isArray(raw) ? `[${index}]` : '');
      blocks.push(item);
    }
    return { value: [...new Set(blocks)] };
  },
};

function mismatch(raw: unknown, at = ''): Parsed<never> {
  return { mismatch: { expected: EXPECTED, got: describe(raw), at } };
}

function isCidr(raw: unknown): raw is string {
  const [, address, bits] = (typeof raw === 'string' && /^([\d.:a-f]+)(?:\/(\d{1,3}))?$/i.exec(raw)) || [];
  if (address === undefined || isIP(address) === 0) return false;
  return bits === undefined || Number(bits) <= (isIPv4(address) ? 32 : 128);
}
