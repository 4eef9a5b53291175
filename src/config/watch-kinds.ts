import { regexpPattern, type WatchTuning } from '../lifecycle/watch-spec.ts';
import { describe } from './describe.ts';
import { isCleanText, isObject, type Kind, type Parsed } from './kind.ts';
import * as kinds from './kinds.ts';
import { suggestion } from './nearest.ts';

const no = (expected: string, raw: unknown, at = ''): Parsed<never> => ({ mismatch: { expected, got: describe(raw), at } });

const OFF: readonly unknown[] = [false, 'false', 0, null];

/** What to watch: an empty list is the working directory; null for nothing. */
export const watchPaths: Kind<readonly string[] | null> = {
  label: 'boolean, or a path, or an array of paths',
  tsType: 'boolean | string | readonly string[]',
  schema: { anyOf: [{ type: 'boolean' }, { type: 'string', minLength: 1 }, { type: 'array', items: { type: 'string', minLength: 1 } }] },
  parse(raw) {
    if (OFF.includes(raw)) return { value: null };
    if (raw === true || raw === 'true') return { value: [] };
    const items: readonly unknown[] = Array.isArray(raw) ? raw : typeof raw === 'string' ? raw.split(',') : [raw];
    const paths: string[] = [];
    for (const [index, item] of items.entries()) {
      if (!isCleanText(item) || item.trim() === '') return no('true, or paths to watch', item, Array.isArray(raw) ? `[${index}]` : '');
      paths.push(item.trim());
    }
    return { value: paths };
  },
};

/** A string with one of these is a regular expression; names and globs have none. */
const OF_REGEXP = /[\\^$|]/;

/** What not to watch: names, paths, globs and regular expressions. */
export const ignorePatterns: Kind<readonly string[]> = {
  label: 'array of names, paths, globs and regular expressions, or one of them',
  tsType: 'string | RegExp | readonly (string | RegExp)[]',
  schema: { anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }] },
  parse(raw) {
    if (raw === false) return { value: [] };
    const items: readonly unknown[] = Array.isArray(raw) ? raw : [raw];
    const patterns: string[] = [];
    for (const [index, item] of items.entries()) {
      const pattern = patternOf(item);
      if (pattern === null) return no('a name, a path, a glob or a regular expression', item, Array.isArray(raw) ? `[${index}]` : '');
      if (pattern !== '') patterns.push(pattern);
    }
    return { value: patterns };
  },
};

function patternOf(item: unknown): string | null {
  // One that another realm made, as jiti does, is no instance.
  if (Object.prototype.toString.call(item) === '[object RegExp]') return `regexp:${String(item)}`;
  if (!isCleanText(item)) return null;
  const text = item.trim();
  if (!OF_REGEXP.test(text)) return text.length > 1 ? text.replace(/\/+$/, '') : text;
  try {
    return regexpPattern(new RegExp(text));
  } catch {
    return null;
  }
}

const FINISH = { stabilityThreshold: kinds.durationMs, pollInterval: kinds.durationMs } as const;
const integer = kinds.integer(0, Number.MAX_SAFE_INTEGER);

/** A boolean, or what another kind takes. */
const booleanOr = <T>(kind: Kind<T>): Pick<Kind<boolean | T>, 'parse'> => ({ parse: (raw) => (typeof raw === 'boolean' ? { value: raw } : kind.parse(raw)) });

const TUNING: { readonly [K in keyof Required<WatchTuning>]: Pick<Kind<WatchTuning[K]>, 'parse'> } = {
  usePolling: kinds.boolean,
  interval: integer,
  binaryInterval: integer,
  depth: integer,
  followSymlinks: kinds.boolean,
  ignorePermissionErrors: kinds.boolean,
  alwaysStat: kinds.boolean,
  atomic: booleanOr(integer),
  awaitWriteFinish: {
    parse(raw) {
      if (typeof raw === 'boolean') return { value: raw };
      return isObject(raw) ? fieldsOf(raw, FINISH) : no('true, false or an object with stabilityThreshold and pollInterval', raw);
    },
  },
};

/** Options of chokidar that `lb` sets itself, or that chokidar has dropped. */
const WITHOUT_EFFECT: readonly string[] = ['persistent', 'ignoreInitial', 'cwd', 'disableGlobbing', 'useFsEvents', 'ignored'];

function fieldsOf<T>(raw: Readonly<Record<string, unknown>>, fields: Readonly<Record<string, Pick<Kind<unknown>, 'parse'>>>): Parsed<T> {
  const values: Record<string, unknown> = {};
  for (const [name, given] of Object.entries(raw)) {
    if (WITHOUT_EFFECT.includes(name) || given === undefined || given === null) continue;
    const parsed = fields[name]?.parse(given);
    const names = Object.keys(fields);
    if (parsed === undefined) return { mismatch: { expected: `one of ${names.join(', ')}`, got: `${name}${suggestion(name, names)}`, at: `.${name}` } };
    if ('mismatch' in parsed) return { mismatch: { ...parsed.mismatch, at: `.${name}${parsed.mismatch.at}` } };
    values[name] = parsed.value;
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- each field was parsed by its own kind; TypeScript does not follow a loop over them.
  return { value: values as T };
}

/** Options of chokidar. */
export const watchTuning: Kind<WatchTuning> = {
  label: `object with options of chokidar: ${Object.keys(TUNING)
    .map((name) => `\`${name}\``)
    .join(', ')}`,
  tsType: `{ readonly usePolling?: boolean; readonly interval?: number; readonly binaryInterval?: number; readonly depth?: number; readonly followSymlinks?: boolean; readonly ignorePermissionErrors?: boolean; readonly alwaysStat?: boolean; readonly atomic?: boolean | number; readonly awaitWriteFinish?: boolean | { readonly stabilityThreshold?: number; readonly pollInterval?: number }; readonly [other: string]: unknown }`,
  schema: { type: 'object' },
  parse: (raw) => (isObject(raw) ? fieldsOf(raw, TUNING) : no('an object with options of chokidar', raw)),
};
