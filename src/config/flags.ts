import { OPTION_LIST, flagName, type OptionEntry, type OptionKey } from './options.ts';
import { formatDefault } from './options/format-default.ts';

/** One flag, as commander's `.option(flags, description)` takes it; what it reads is the value of `key`. */
export interface OptionFlag {
  readonly flags: string;
  readonly description: string;
  readonly key: OptionKey;
  /** Leaves the text as it is: the kind of the option reads it, and to some of them an empty one means something. */
  readonly parse: (text: string) => string;
}

/** Every flag of the option table; a numeric default ends its description. */
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
