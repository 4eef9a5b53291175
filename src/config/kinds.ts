import { MAX_INSTANCES } from '../lifecycle/app-spec.ts';
import { describe } from './describe.ts';
import { isCleanText, type Kind, type Parsed } from './kind.ts';
import { splitWords } from './split-words.ts';
import { formatBytes, formatDuration, parseBytes, parseDuration } from './units.ts';

/** Maximum delay of `setTimeout`; longer ones fire at once. */
const LONGEST_MS = 2 ** 31 - 1;

const ok = <T>(value: T): Parsed<T> => ({ value });
const no = (expected: string, raw: unknown, at = ''): Parsed<never> => ({ mismatch: { expected, got: describe(raw), at } });

/** A string that is not empty. */
export const string: Kind<string> = {
  label: 'string',
  tsType: 'string',
  schema: { type: 'string', minLength: 1 },
  parse: (raw) => (isCleanText(raw) && raw.trim() !== '' ? ok(raw) : no('a string', raw)),
};

/** A file or directory; the resolver makes it absolute. */
export const path: Kind<string> = {
  ...string,
  label: 'path',
  parse: (raw) => (isCleanText(raw) && raw.trim() !== '' ? ok(raw) : no('a path', raw)),
};

/** A log file, or a program that takes the output; null for none. */
export const logPath: Kind<string | null> = {
  label: 'path, `"journal"`, `"syslog"`, or `"NULL"` for none',
  tsType: 'string | null | false',
  schema: { anyOf: [{ type: 'string', minLength: 1 }, { type: 'null' }, { const: false }] },
  takesNull: true,
  parse(raw) {
    if (raw === null || raw === false || raw === 'NULL' || raw === '/dev/null') return ok(null);
    return isCleanText(raw) && raw.trim() !== '' ? ok(raw) : no('a path, "journal", "syslog", or "NULL" for no file', raw);
  },
};

export const boolean: Kind<boolean> = {
  label: 'boolean',
  tsType: 'boolean',
  schema: { type: 'boolean' },
  parse(raw) {
    if (typeof raw === 'boolean') return ok(raw);
    return raw === 'true' || raw === 'false' ? ok(raw === 'true') : no('true or false', raw);
  },
};

/** An integer within bounds. */
export function integer(min: number, max: number): Kind<number> {
  const expected = max === Number.MAX_SAFE_INTEGER ? `a whole number, ${min} or more` : `a whole number from ${min} to ${max}`;
  return {
    label: 'integer',
    tsType: 'number',
    schema: { type: ['integer', 'string'], minimum: min, maximum: max, pattern: '^-?\\d+$' },
    parse(raw) {
      const value = wholeNumber(raw);
      return value !== undefined && value >= min && value <= max ? ok(value) : no(expected, raw);
    },
  };
}

/** Milliseconds as a number, or a string with a unit. */
export const durationMs: Kind<number> = {
  format: formatDuration,
  label: 'duration: number of ms, or `"500ms"`, `"10s"`, `"1m"`, `"1h"`',
  tsType: 'number | string',
  schema: { type: ['number', 'string'], minimum: 0, maximum: LONGEST_MS, pattern: '^\\s*\\d+(\\.\\d+)?\\s*([mM][sS]|[smhdSMHD])?\\s*$' },
  parse(raw) {
    const value = typeof raw === 'string' ? parseDuration(raw) : raw;
    if (typeof value !== 'number' || !Number.isFinite(value) || value < 0) {
      return no('a duration (a number of milliseconds, or "500ms", "10s", "1m", "1h")', raw);
    }
    return value > LONGEST_MS ? no(`a duration of at most ${formatDuration(24 * 86_400_000)}`, raw) : ok(Math.round(value));
  },
};

/** Bytes as a number, or a string with a unit. */
export const bytes = (min: number): Kind<number> => ({
  format: formatBytes,
  label: 'size: `"300M"`, `"1G"`, `"512K"`, or a number of bytes',
  tsType: 'number | string',
  schema: { type: ['integer', 'string'], minimum: 0, pattern: '^\\s*\\d+(\\.\\d+)?\\s*([kKmMgGtT]?([iI]?[bB])?)\\s*$' },
  parse(raw) {
    const value = typeof raw === 'string' ? parseBytes(raw) : raw;
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
      return no('a size ("300M", "1G", "512K", or a number of bytes)', raw);
    }
    return value < min ? no(`a size of at least ${formatBytes(min)} (a number alone is bytes)`, raw) : ok(value);
  },
});

/** The same kind, with `false`, or 0 as in PM2, for off. */
export const orOff = (kind: Kind<number>): Kind<number | null> => ({
  ...kind,
  label: `${kind.label}; 0 or \`false\` is off`,
  tsType: `${kind.tsType} | false`,
  schema: { anyOf: [kind.schema, { const: 0 }, { const: false }] },
  parse: (raw) => (raw === 0 || raw === '0' || raw === false || raw === 'false' ? ok(null) : kind.parse(raw)),
});

/** An array of strings, or one string split at spaces outside quotes. */
export const stringList: Kind<readonly string[]> = {
  label: 'array of strings, or one string split at spaces',
  tsType: 'string | readonly (string | number)[]',
  schema: { anyOf: [{ type: 'string' }, { type: 'array', items: { type: ['string', 'number'] } }] },
  parse(raw) {
    if (typeof raw === 'string') {
      const words = isCleanText(raw) ? splitWords(raw) : undefined;
      return words === undefined ? no('a string with every quote closed', raw) : ok(words);
    }
    if (!Array.isArray(raw)) return no('an array of strings, or one string', raw);
    const words: string[] = [];
    for (const [index, item] of (raw as unknown[]).entries()) {
      if (!isCleanText(item) && typeof item !== 'number') return no('a string', item, `[${index}]`);
      words.push(String(item));
    }
    return ok(words);
  },
};

/** Integers such as exit codes: one, an array, or a string separated by commas. */
export function integerList(min: number, max: number): Kind<readonly number[]> {
  return {
    label: 'array of integers, or `"0,143"`',
    tsType: 'number | string | readonly (number | string)[]',
    schema: { anyOf: [{ type: ['integer', 'string'] }, { type: 'array', items: { type: ['integer', 'string'] } }] },
    parse(raw) {
      const items: readonly unknown[] = Array.isArray(raw) ? raw : typeof raw === 'string' ? raw.split(/[\s,]+/).filter(Boolean) : [raw];
      const values: number[] = [];
      for (const [index, item] of items.entries()) {
        const value = wholeNumber(item);
        if (value === undefined || value < min || value > max) {
          return no(`whole numbers from ${min} to ${max}`, item, Array.isArray(raw) ? `[${index}]` : '');
        }
        values.push(value);
      }
      return ok([...new Set(values)]);
    },
  };
}

/** Numbers in a significant order: an array, or a string separated by commas. */
export function numberSequence(min: number, max: number): Kind<readonly number[]> {
  return {
    label: 'array of numbers, or `"2,1,1"`',
    tsType: 'string | readonly (number | string)[]',
    schema: { anyOf: [{ type: 'string' }, { type: 'array', items: { type: ['number', 'string'] } }] },
    parse(raw) {
      const items: readonly unknown[] | undefined = Array.isArray(raw) ? raw : typeof raw === 'string' ? raw.split(',') : undefined;
      if (items === undefined) return no('an array of numbers, or "2,1,1"', raw);
      const values: number[] = [];
      for (const [index, item] of items.entries()) {
        const value = plainNumber(item);
        if (value === undefined || value < min || value > max) {
          return no(`numbers from ${min} to ${max}`, item, Array.isArray(raw) ? `[${index}]` : '');
        }
        values.push(value);
      }
      return ok(values);
    },
  };
}

/** A number within bounds. */
export function share(min: number, max: number): Kind<number> {
  return {
    label: `number from ${min} to ${max}`,
    tsType: 'number',
    schema: { type: ['number', 'string'], minimum: min, maximum: max },
    parse(raw) {
      const value = plainNumber(raw);
      return value !== undefined && value >= min && value <= max ? ok(value) : no(`a number from ${min} to ${max}`, raw);
    },
  };
}

/** All ports, some, or off (null). */
export const switchOrPorts: Kind<'all' | readonly number[] | null> = {
  label: 'boolean, or a port, or an array of ports',
  tsType: 'boolean | number | readonly number[]',
  schema: {
    anyOf: [{ type: 'boolean' }, { type: 'integer', minimum: 1, maximum: 65_535 }, { type: 'array', items: { type: 'integer', minimum: 1, maximum: 65_535 } }],
  },
  parse(raw) {
    if (raw === true || raw === 'true') return ok('all');
    if (raw === false || raw === 'false') return ok(null);
    const ports = integerList(1, 65_535).parse(raw);
    return 'value' in ports && ports.value.length > 0 ? ports : no('true, false, a port or an array of ports', raw);
  },
};

/** Status codes: one, a class, a range, or several of these. */
export const statusRanges: Kind<readonly (readonly [number, number])[]> = {
  label: 'status codes: `200`, `"2xx"`, `"200-299"`, or several with commas or as an array',
  tsType: 'number | string | readonly (number | string)[]',
  schema: { anyOf: [{ type: ['integer', 'string'] }, { type: 'array', items: { type: ['integer', 'string'] } }] },
  parse(raw) {
    const items: readonly unknown[] = Array.isArray(raw) ? raw : typeof raw === 'string' ? raw.split(',') : [raw];
    const ranges: (readonly [number, number])[] = [];
    for (const item of items) {
      const range = statusRange(item);
      if (range === null) return no('status codes such as 200, "2xx", "200-299"', item);
      ranges.push(range);
    }
    return ranges.length === 0 ? no('status codes such as 200, "2xx", "200-299"', raw) : ok(ranges);
  },
};

function statusRange(item: unknown): readonly [number, number] | null {
  const text = typeof item === 'number' || typeof item === 'string' ? String(item) : '';
  const match = /^\s*([1-5])(?:xx|(\d\d)(?:\s*-\s*([1-5]\d\d))?)\s*$/i.exec(text);
  if (match === null) return null;
  const [, hundreds, rest, last] = match;
  const from = Number(`${hundreds}${rest ?? '00'}`);
  const to = rest === undefined ? from + 99 : Number(last ?? from);
  return to < from ? null : [from, to];
}

/** A port, or `host:port`; 0 for off. */
export const hostPort: Kind<{ readonly host: string | null; readonly port: number } | null> = {
  label: 'port, or `"127.0.0.1:9000"`, or `"[::1]:9000"`; 0 is off',
  tsType: 'number | string',
  schema: { type: ['integer', 'string'] },
  parse(raw) {
    const match = typeof raw === 'number' || isCleanText(raw) ? /^(?:(\[[0-9a-fA-F:.]+\]|[^:\s]+):)?(\d{1,5})$/.exec(String(raw)) : null;
    const port = Number(match?.[2]);
    if (match === null || port > 65_535) return no('a port, or host:port', raw);
    return ok(port === 0 ? null : { host: match[1]?.replace(/^\[|\]$/g, '') ?? null, port });
  },
};

/** One of a few words. */
export const oneOf = <const W extends string>(words: readonly W[]): Kind<W> => ({
  label: words.map((word) => `\`"${word}"\``).join(', '),
  tsType: words.map((word) => `'${word}'`).join(' | '),
  schema: { enum: words },
  parse(raw) {
    const word = words.find((candidate) => candidate === raw);
    return word === undefined ? no(`one of ${words.join(', ')}`, raw) : ok(word);
  },
});

/** A requested number of workers: an integer, or `max`. 0 means `max`, -n means n fewer than the CPU budget. */
export const instances: Kind<number | 'max'> = {
  label: 'integer, or `"max"`',
  tsType: "number | 'max' | (string & {})",
  schema: {
    anyOf: [
      { type: 'integer', minimum: -MAX_INSTANCES, maximum: MAX_INSTANCES },
      { type: 'string', pattern: '^(max|auto|-?\\d+)$' },
    ],
  },
  parse(raw) {
    if (raw === 'max' || raw === 'auto') return ok('max');
    const value = wholeNumber(raw);
    return value !== undefined && Math.abs(value) <= MAX_INSTANCES
      ? ok(value === 0 ? 'max' : value)
      : no(`a number of workers (up to ${MAX_INSTANCES}), "max", or a negative number for all CPUs but n`, raw);
  },
};

function plainNumber(raw: unknown): number | undefined {
  const value = typeof raw === 'string' && /^\s*\d+(\.\d+)?\s*$/.test(raw) ? Number(raw) : raw;
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

function wholeNumber(raw: unknown): number | undefined {
  const value = typeof raw === 'string' && /^\s*[+-]?\d+\s*$/.test(raw) ? Number(raw) : raw;
  return typeof value === 'number' && Number.isSafeInteger(value) ? value + 0 : undefined;
}
