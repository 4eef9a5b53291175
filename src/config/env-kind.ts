import { parseEnv } from 'node:util';
import { describe } from './describe.ts';
import { isCleanText, type Kind, type Parsed } from './kind.ts';

/** Environment variables of one layer; null removes a variable of a lower layer. */
export type EnvLayer = ReadonlyMap<string, string | null>;

/** Variables as an object (nested objects become JSON), or the text of a dotenv file. */
export const env: Kind<EnvLayer> = {
  label: 'object of variables',
  tsType: 'Env | string',
  schema: { anyOf: [{ type: 'object' }, { type: 'string' }] },
  parse(raw) {
    if (isCleanText(raw)) return { value: parseDotenv(raw) };
    if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) return wrong('an object of variables', raw, '');
    return parseVariables(raw);
  },
};

/** Parses the text of a dotenv file. */
export function parseDotenv(text: string): EnvLayer {
  const entries = Object.entries(parseEnv(text)).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return new Map(entries);
}

const wrong = (expected: string, raw: unknown, at: string): Parsed<never> => ({ mismatch: { expected, got: describe(raw), at } });

function parseVariables(raw: object): Parsed<EnvLayer> {
  const variables = new Map<string, string | null>();
  for (const [name, value] of Object.entries(raw) as [string, unknown][]) {
    if (name === '' || /[=\0]/.test(name)) return wrong('a variable name without "="', name, '');
    if (value === undefined) continue;
    const text = value === null ? null : textOf(value);
    if (text === undefined) return wrong('a string, number, boolean, object or null', value, `.${name}`);
    variables.set(name, text);
  }
  return { value: variables };
}

function textOf(value: unknown): string | undefined {
  if (typeof value === 'object') return jsonOf(value);
  const isScalar = typeof value === 'string' || typeof value === 'boolean' || typeof value === 'bigint' || typeof value === 'number';
  const text = isScalar ? String(value) : undefined;
  return isCleanText(text) ? text : undefined;
}

/** As in PM2, objects become JSON; undefined for one that is circular or contains a bigint. */
function jsonOf(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}
