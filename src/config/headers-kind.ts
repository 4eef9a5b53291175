import { describe } from './describe.ts';
import { isObject, type Kind, type Parsed } from './kind.ts';

const NAME = /^[!#$%&'*+.^_`|~\w-]+$/;
/** No line break, which would begin another header. */
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
/** They belong to the connection. */
const OWN = new Set(['connection', 'content-length', 'keep-alive', 'te', 'trailer', 'transfer-encoding', 'upgrade']);

const EXPECTED = 'an object of headers, or a list of { name, value }';

/** Request headers as an object, or as a list of names and values like `httpHeaders` in Kubernetes. */
export const headers: Kind<Readonly<Record<string, string>>> = {
  label: 'object of headers, or a list of `{ name, value }`',
  tsType: 'Readonly<Record<string, string>> | readonly { readonly name: string; readonly value: string }[]',
  schema: {
    anyOf: [
      { type: 'object', additionalProperties: { type: 'string' } },
      {
        type: 'array',
        items: {
          type: 'object',
          required: ['name', 'value'],
          additionalProperties: false,
          properties: { name: { type: 'string' }, value: { type: 'string' } },
        },
      },
    ],
  },
  parse(raw) {
    if (Array.isArray(raw)) return ofList(raw);
    return isObject(raw) ? read(Object.entries(raw).map(([name, value]) => ({ name, value, at: `.${name}` }))) : wrong(EXPECTED, raw, '');
  },
};

interface Given {
  readonly name: unknown;
  readonly value: unknown;
  readonly at: string;
}

const wrong = (expected: string, got: unknown, at: string): Parsed<never> => ({ mismatch: { expected, got: describe(got), at } });

function ofList(items: readonly unknown[]): Parsed<Readonly<Record<string, string>>> {
  const odd = items.findIndex((item) => !isObject(item));
  if (odd !== -1) return wrong('{ name, value }', items[odd], `[${odd}]`);
  return read(items.filter(isObject).map(({ name, value }, index) => ({ name, value, at: `[${index}]` })));
}

/** Names differ in more than case. */
function read(given: readonly Given[]): Parsed<Readonly<Record<string, string>>> {
  const seen = new Set<string>();
  const values: Record<string, string> = {};
  for (const { name, value, at } of given) {
    if (typeof name !== 'string' || !NAME.test(name)) return wrong('the name of a header', name, at);
    const key = name.toLowerCase();
    if (OWN.has(key)) return wrong('a header that does not belong to the connection', name, at);
    if (seen.has(key)) return wrong('each header once', name, at);
    // The value may be secret, so the message does not repeat it.
    if (typeof value !== 'string' || !VALUE.test(value)) return { mismatch: { expected: 'text without line breaks', got: 'another value', at } };
    seen.add(key);
    values[name] = value;
  }
  return { value: values };
}
