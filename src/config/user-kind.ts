import { describe } from './describe.ts';
import type { Kind } from './kind.ts';

const MOST = 2 ** 32 - 2;

/** The name or number of a user or a group; an empty one is none, as in PM2. */
const nameOrNumber = (what: 'user' | 'group', example: string): Kind<string | number | null> => ({
  label: `name or number of a ${what}`,
  tsType: 'string | number',
  schema: { type: ['string', 'integer', 'null'] },
  takesNull: true,
  parse(raw) {
    if (raw === null || raw === false || raw === '') return { value: null };
    const value = typeof raw === 'string' && /^\d+$/.test(raw) ? Number(raw) : raw;
    const isName = typeof value === 'string' && /^[^\s:,/-][^\s:,/]*$/.test(value);
    if (isName || (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= MOST)) return { value };
    return { mismatch: { expected: `the name or number of a ${what}, such as ${example}`, got: describe(raw), at: '' } };
  },
});

export const user = nameOrNumber('user', '"www-data" or 33');
export const group = nameOrNumber('group', '"www-data" or 33');
