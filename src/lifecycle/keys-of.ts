/** The keys of a table, typed. */
export function keysOf<K extends string>(table: Readonly<Record<K, unknown>>): readonly K[] {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- `Object.keys` is typed for objects that may have more keys.
  return Object.keys(table) as K[];
}
