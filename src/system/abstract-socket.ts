/** `sizeof(sun_path)`, without the zero with which an abstract name begins. */
const NAME_BYTES = 107;

/**
 * The name of an abstract Unix socket at full length, without the zero before it: Node.js 20 pads a name with zeros, Node.js 22 does
 * not, and only at full length both bind and find the same one. Linux only.
 */
export const abstractSocketName = (name: string): string => name.padEnd(NAME_BYTES, '-');
