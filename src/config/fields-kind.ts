import { describe } from './describe.ts';
import { isObject, type Kind, type Parsed } from './kind.ts';
import { suggestion } from './nearest.ts';

/** One field of an object option. */
export interface Field<T> {
  readonly kind: Kind<T>;
  readonly default: T;
  /** How to show the default; JSON if absent. */
  readonly defaultText?: string;
  readonly doc: string;
}

type ValuesOf<F> = { readonly [K in keyof F]: F[K] extends Field<infer T> ? T : never };

interface Shape<F> {
  readonly fields: F;
  /** The field that a plain string sets: `health: '/healthz'`. */
  readonly shorthand?: keyof F & string;
  /** The defaults alone are not meaningful, so `true` is refused. */
  readonly needsFields?: boolean;
}

/** An object with named fields and defaults. `true` takes all defaults (unless `needsFields`), `false` is off. */
export function fieldsOrOff<F extends Readonly<Record<string, Field<unknown>>>>({
  fields,
  shorthand,
  needsFields = false,
}: Shape<F>): Kind<ValuesOf<F> | null> {
  const names = Object.keys(fields);
  const entries = Object.entries<Field<unknown>>(fields);
  const expected = `an object with ${names.join(', ')}, or ${needsFields ? '' : 'true or '}false${shorthand === undefined ? '' : `, or the ${shorthand} alone`}`;
  return {
    label: `object, ${needsFields ? '' : 'or `true` for its defaults, '}or \`false\`${shorthand === undefined ? '' : `, or the \`${shorthand}\` alone`}. Fields: ${entries.map(fieldLabel).join('; ')}`,
    tsType: `${needsFields ? 'false' : 'boolean'} | ${shorthand === undefined ? '' : 'string | '}{ ${entries.map(([name, { kind }]) => `readonly ${name}?: ${kind.tsType} | undefined`).join('; ')} }`,
    schema: {
      anyOf: [
        needsFields ? { const: false } : { type: 'boolean' },
        ...(shorthand === undefined ? [] : [{ type: 'string', minLength: 1 }]),
        {
          type: 'object',
          additionalProperties: false,
          properties: Object.fromEntries(entries.map(([name, { kind, doc }]) => [name, { ...kind.schema, description: doc }])),
        },
      ],
    },
    takesNull: true,
    parse(raw): Parsed<ValuesOf<F> | null> {
      if (raw === false || raw === null || raw === 'false') return { value: null };
      if (!needsFields && (raw === true || raw === 'true')) return readFields(entries, {});
      if (typeof raw === 'string' && shorthand !== undefined) return readFields(entries, { [shorthand]: raw }, true);
      if (!isObject(raw)) return { mismatch: { expected, got: describe(raw), at: '' } };
      const unknown = Object.keys(raw).find((name) => !names.includes(name));
      if (unknown !== undefined)
        return { mismatch: { expected: `one of ${names.join(', ')}`, got: `${unknown}${suggestion(unknown, names)}`, at: `.${unknown}` } };
      return readFields(entries, raw);
    },
  };
}

function readFields<V>(entries: readonly [string, Field<unknown>][], raw: Readonly<Record<string, unknown>>, short = false): Parsed<V> {
  const values: Record<string, unknown> = {};
  for (const [name, field] of entries) {
    const given = raw[name];
    if (given === undefined) {
      values[name] = field.default;
      continue;
    }
    const parsed = field.kind.parse(given);
    if ('mismatch' in parsed) return { mismatch: { ...parsed.mismatch, at: `${short ? '' : `.${name}`}${parsed.mismatch.at}` } };
    values[name] = parsed.value;
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- each field was parsed by its own kind; TypeScript does not follow a loop over them.
  return { value: values as V };
}

function fieldLabel([name, { doc, default: value, defaultText, kind }]: [string, Field<unknown>]): string {
  const text = defaultText ?? (typeof value === 'number' && kind.format !== undefined ? kind.format(value) : JSON.stringify(value));
  return `\`${name}\`: ${doc} (default \`${text}\`)`;
}
