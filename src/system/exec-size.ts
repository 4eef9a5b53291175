/** Linux: the longest single argument or variable, with the zero byte at its end (`MAX_ARG_STRLEN`). */
const LONGEST_BYTES = 128 * 1024;
/** For what `lb` adds to each worker: settings, NODE_OPTIONS, arguments, the slot number. */
const OWN_BYTES = 8 * 1024;
/** Each argument and variable also takes a pointer. */
const POINTER_BYTES = 8;

/** What is passed to a new Node.js process. */
export interface Started {
  readonly script: string;
  readonly args: readonly string[];
  readonly nodeArgs: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/**
 * Why the system would not start a process with these arguments and this environment; null if it would.
 * @param roomBytes for all of them together
 */
export function oversize({ script, args, nodeArgs, env }: Started, roomBytes: number): string | null {
  const words = [...nodeArgs, script, ...args].map((text, index) => ({ what: `argument ${index + 1}`, bytes: sizeOf(text) }));
  const variables = Object.entries(env).map(([name, value]) => ({ what: `the variable ${name}`, bytes: sizeOf(`${name}=${value}`) }));
  const all = [...words, ...variables].sort((a, b) => b.bytes - a.bytes);
  const [largest] = all;
  if (largest === undefined) return null;
  if (largest.bytes > LONGEST_BYTES) return `${largest.what} has ${inBytes(largest.bytes)}, and the system takes at most ${inBytes(LONGEST_BYTES)} each`;
  const total = all.reduce((sum, { bytes }) => sum + bytes + POINTER_BYTES, OWN_BYTES);
  if (total <= roomBytes) return null;
  return `environment and arguments have ${inBytes(total)} together, and the system takes at most ${inBytes(roomBytes)} (the largest is ${largest.what}: ${inBytes(largest.bytes)})`;
}

/** With the zero byte. */
const sizeOf = (text: string): number => new TextEncoder().encode(text).length + 1;

const inBytes = (bytes: number): string => `${bytes.toLocaleString('en')} bytes`;
