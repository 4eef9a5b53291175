import { describe } from './describe.ts';
import type { Kind } from './kind.ts';

const OCTAL = /^(?:0o)?([0-7]{1,4})$/;
const MOST = 0o777;

/** A file mode creation mask: octal in text, as in a shell; a number is the mask itself. */
export const umask: Kind<number> = {
  label: 'octal string such as `"027"`, or number (`0o027` in JavaScript)',
  tsType: 'string | number',
  schema: {
    anyOf: [
      { type: 'string', pattern: OCTAL.source },
      { type: 'integer', minimum: 0, maximum: MOST },
    ],
  },
  parse(raw) {
    const digits = typeof raw === 'string' ? OCTAL.exec(raw)?.[1] : undefined;
    const value = digits === undefined ? raw : Number.parseInt(digits, 8);
    if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= MOST) return { value };
    return { mismatch: { expected: 'an octal mask such as "027", at most "777"', got: describe(raw), at: '' } };
  },
};

/** As a shell writes it: `0027`. */
export const formatUmask = (mask: number): string => mask.toString(8).padStart(4, '0');
