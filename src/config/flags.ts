import { OPTION_LIST, flagName, type OptionEntry, type OptionKey } from './options.ts';
import { formatDefault } from './options/format-default.ts';

/** One flag, as commander's `.option(flags, description)` takes it; its value belongs to `key`. */
export interface OptionFlag {
  readonly flags: string;
  readonly description: string;
  readonly key: OptionKey;
  /** Returns the text unchanged: the option's kind parses it later, and an empty one can be valid. */
  readonly parse: (text: string) => string;
}

/** Every flag of the option table. A numeric default is added to the description. */
export function optionFlags(): OptionFlag[] {
  return OPTION_LIST.flatMap((entry) =>
    (entry.flags ?? []).map((flags, index) => ({ flags, description: describeFlag(entry, flags, index === 0), key: entry.key, parse: (text) => text })),
  );
}

function describeFlag(entry: OptionEntry, flags: string, isFirst: boolean): string {
  const isNegation = flags.includes('--no-');
  if (!isFirst) return `${isNegation ? 'opposite of' : 'same as'} ${flagName(entry)}`;
  if (isNegation) return `do not ${entry.doc}`;
  return typeof entry.default === 'number' ? `${entry.doc} (default: ${formatDefault(entry)})` : entry.doc;
}
