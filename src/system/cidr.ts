import { BlockList, isIPv4 } from 'node:net';

/**
 * A function that tests whether an address is in one of the blocks; `::ffff:10.0.0.1` equals `10.0.0.1`. Throws for an invalid
 * block.
 */
export function cidrMatcher(blocks: readonly string[]): (address: string) => boolean {
  const list = new BlockList();
  for (const block of blocks) {
    const [address = '', bits] = block.split('/');
    const family = familyOf(address);
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(bits), family);
  }
  return (address) => list.check(address, familyOf(address));
}

const familyOf = (address: string): 'ipv4' | 'ipv6' => (isIPv4(address) ? 'ipv4' : 'ipv6');
