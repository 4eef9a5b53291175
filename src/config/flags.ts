import { OPTION_LIST, camelCase, flagName, type OptionEntry, type OptionKey } from './options.ts';
import { formatDefault } from './options/format-default.ts';

/** One flag, as commander's `.option(flags, description)` takes it. */
export interface OptionFlag {
  readonly flags: string;
  readonly description: string;
  readonly key: OptionKey;
  /** The property commander stores it under. */
  readonly attribute: string;
  /** A `--no-…` flag: it counts only when the property is false, because commander presets it to true. */
  readonly negatable?: true;
}

/** Every flag of the option table; a numeric default ends its description. */
export function optionFlags(): OptionFlag[] {
  return OPTION_LIST.flatMap((entry) => (entry.flags ?? []).map((flags, index) => optionFlag(entry, flags, index)));
}

function optionFlag(entry: OptionEntry, flags: string, index: number): OptionFlag {
  const long = /--([\w-]+)/.exec(flags)?.[1] ?? entry.key;
  const isNegation = long.startsWith('no-');
  const attribute = camelCase((isNegation ? long.slice(3) : long).replaceAll('-', '_'));
  const description = index === 0 ? describeFlag(entry, isNegation) : `${isNegation ? 'opposite of' : 'same as'} ${flagName(entry)}`;
  return { flags, description, key: entry.key, attribute, ...(isNegation ? { negatable: true } : {}) };
}

function describeFlag(entry: OptionEntry, isNegation: boolean): string {
  if (isNegation) return `do not ${entry.doc}`;
  const hasDefault = typeof entry.default === 'number';
  return hasDefault ? `${entry.doc} (default: ${formatDefault(entry)})` : entry.doc;
}

/** What commander parsed, as raw values by option key with only what was given: the `flags` of a `ResolveRequest`. */
export function givenFlags(parsed: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const given: Record<string, unknown> = {};
  const hasPositive = new Set(optionFlags().filter((flag) => flag.negatable === undefined).map((flag) => flag.attribute));
  for (const { key, attribute, negatable } of optionFlags()) {
    const value = parsed[attribute];
    const isPreset = negatable === true && value === true && !hasPositive.has(attribute);
    if (value !== undefined && !isPreset) given[key] ??= value;
  }
  return given;
}
