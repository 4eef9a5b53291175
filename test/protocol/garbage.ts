import fc from 'fast-check';

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** Paths of everything in a message. */
function places(value: Json): (string | number)[][] {
  if (typeof value !== 'object' || value === null) return [[]];
  const inner = Array.isArray(value) ? value.map((item, index) => [index, item] as const) : Object.entries(value as Record<string, Json>);
  return [[], ...inner.flatMap(([key, item]) => places(item as Json).map((path) => [key, ...path]))];
}

function changed(value: Json, [key, ...rest]: readonly (string | number)[], to: Json | undefined): Json | undefined {
  if (key === undefined) return to;
  if (Array.isArray(value)) return value.flatMap((item: Json, index) => (index === key ? (changed(item, rest, to) ?? []) : [item])) as Json[];
  const { [key]: inner = null, ...others } = value as Record<string, Json>;
  const after = changed(inner, rest, to);
  return after === undefined ? others : { ...others, [key]: after };
}

/** Arbitrary JSON, and messages of which something is missing or of another type. */
export function garbage(messages: readonly object[]): fc.Arbitrary<unknown> {
  const overTheWire = messages.map((message) => JSON.parse(JSON.stringify(message)) as Json);
  const mutated = fc
    .constantFrom(...overTheWire)
    .chain((message) =>
      fc.tuple(fc.constantFrom(...places(message)), fc.option(fc.jsonValue(), { nil: undefined })).map(([path, to]) => changed(message, path, to as Json)),
    )
    .filter((message) => message !== undefined);
  return fc.oneof(fc.jsonValue(), mutated);
}
