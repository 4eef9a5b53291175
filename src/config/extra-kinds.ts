import { normalName } from '../lifecycle/app-name.ts';
import { describe } from './describe.ts';
import { isCleanText, type Kind, type Parsed } from './kind.ts';

const ok = <T>(value: T): Parsed<T> => ({ value });
const no = (expected: string, raw: unknown): Parsed<never> => ({ mismatch: { expected, got: describe(raw), at: '' } });

/** Parts of names of variables; the empty one is part of every name. */
export const envFilter: Kind<readonly string[]> = {
  label: 'boolean, or a part of a name, or an array of them',
  tsType: 'boolean | string | readonly string[]',
  schema: { anyOf: [{ type: 'boolean' }, { type: 'string' }, { type: 'array', items: { type: 'string', minLength: 1 } }] },
  parse(raw) {
    if (raw === true || raw === 'true') return ok(['']);
    if (raw === false || raw === 'false') return ok([]);
    const items: readonly unknown[] = Array.isArray(raw) ? raw : typeof raw === 'string' ? raw.split(/[\s,]+/).filter(Boolean) : [raw];
    const parts = items.filter((item): item is string => isCleanText(item) && item !== '');
    return parts.length === items.length ? ok(parts) : no('true, or parts of names of variables', raw);
  },
};

/** Names of apps. */
export const appNames: Kind<readonly string[]> = {
  label: 'name of an app, or an array of them',
  tsType: 'string | readonly string[]',
  schema: {
    anyOf: [
      { type: 'string', minLength: 1 },
      { type: 'array', items: { type: 'string', minLength: 1 } },
    ],
  },
  parse(raw) {
    const items: readonly unknown[] = Array.isArray(raw) ? raw : [raw];
    const names = items.filter((item): item is string => isCleanText(item) && item.trim() !== '');
    return names.length === items.length ? ok(names.map(normalName)) : no('names of apps', raw);
  },
};

/** A log file for everything; `true` for the usual place, null for none. */
export const combinedLog: Kind<string | true | null> = {
  label: 'path, or `true` for `$LB_HOME/logs/<name>.log`',
  tsType: 'string | boolean | null',
  schema: { anyOf: [{ type: 'string', minLength: 1 }, { type: 'null' }, { type: 'boolean' }] },
  takesNull: true,
  parse(raw) {
    if (raw === null || raw === false || raw === 'NULL' || raw === '/dev/null') return ok(null);
    return raw === true || (isCleanText(raw) && raw.trim() !== '') ? ok(raw) : no('a path, true, or "NULL" for no file', raw);
  },
};

/** The times of a cron pattern; whether it is one, the resolver checks. */
export const cronPattern: Kind<string | null> = {
  label: 'cron pattern of five fields, or six with seconds in front; 0 or `false` is off',
  tsType: 'string | 0 | false',
  schema: { anyOf: [{ type: 'string', minLength: 1 }, { const: 0 }, { const: false }] },
  parse(raw) {
    if (raw === 0 || raw === '0' || raw === false || raw === 'false') return ok(null);
    return isCleanText(raw) && raw.trim() !== '' ? ok(raw.trim()) : no('a cron pattern such as "0 3 * * *", or 0 for off', raw);
  },
};
