import { createHash } from 'node:crypto';

const DIGEST_LENGTH = 16;

/** Of the values that a definition declares, see `Declared`. The order of keys does not matter. */
export function digestOf(declared: Readonly<Record<string, unknown>>): string {
  return createHash('sha256')
    .update(JSON.stringify(declared, (_, value: unknown) => sorted(value)))
    .digest('hex')
    .slice(0, DIGEST_LENGTH);
}

/** Objects with their keys in order. */
function sorted(value: unknown): unknown {
  if (value instanceof Map) return sorted(Object.fromEntries(value));
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
