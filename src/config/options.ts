import { keysOf } from '../lifecycle/keys-of.ts';
import { APP_OPTIONS } from './options/app.ts';
import { BALANCING_OPTIONS } from './options/balancing.ts';
import { EVENT_OPTIONS } from './options/events.ts';
import { EXTRA_OPTIONS } from './options/extras.ts';
import { HEALTH_OPTIONS } from './options/health.ts';
import { LIFETIME_OPTIONS } from './options/lifetime.ts';
import { LOG_OPTIONS } from './options/logs.ts';
import type { Option } from './options/option.ts';
import { SCALING_OPTIONS } from './options/scaling.ts';
import { TRIGGER_OPTIONS } from './options/triggers.ts';

/** The option table. Flags, files, defaults, checks, types, the JSON schema and the reference page derive from it. */
const TABLE = {
  ...APP_OPTIONS,
  ...EXTRA_OPTIONS,
  ...LIFETIME_OPTIONS,
  ...TRIGGER_OPTIONS,
  ...SCALING_OPTIONS,
  ...BALANCING_OPTIONS,
  ...HEALTH_OPTIONS,
  ...LOG_OPTIONS,
  ...EVENT_OPTIONS,
};

type Table = typeof TABLE;
export type OptionKey = keyof Table;
export type ValueTypes = { readonly [K in OptionKey]: Table[K] extends Option<infer T> ? T : never };
type DefaultedKey = { [K in OptionKey]: Table[K] extends { readonly default: unknown } ? K : never }[OptionKey];

/** Parsed values of one source; an option that was not given is absent. */
export type Values = Partial<ValueTypes>;
/** Parsed values, completed with the defaults. */
export type Settings = Values & Pick<ValueTypes, DefaultedKey>;

export const OPTIONS: { readonly [K in OptionKey]: Option<ValueTypes[K]> } = TABLE;

/** A table entry with its key. */
export interface OptionEntry extends Option<unknown> {
  readonly key: OptionKey;
}

export const OPTION_LIST: readonly OptionEntry[] = keysOf(OPTIONS).map((key) => ({ ...OPTIONS[key], key }));

const BY_KEY = new Map<string, OptionEntry>(OPTION_LIST.map((entry) => [entry.key, entry]));

/** All defaults that do not depend on anything else. */
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the type names the same options; TypeScript does not follow a filter over their keys.
export const DEFAULTS = Object.fromEntries(OPTION_LIST.filter((entry) => entry.default !== undefined).map((entry) => [entry.key, entry.default])) as Pick<
  ValueTypes,
  DefaultedKey
>;

/** `max_memory_restart` → `maxMemoryRestart`. */
export const camelCase = (key: string): string => key.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());

/** All names of an option in a file, its key first. */
export function namesOf(entry: OptionEntry): readonly string[] {
  const names = [entry.key, ...(entry.aliases ?? [])];
  return [...new Set([...names, ...names.map(camelCase)])];
}

const BY_NAME = new Map(OPTION_LIST.flatMap((entry) => namesOf(entry).map((name) => [name, entry] as const)));

/** The option with this name in a config file. */
export const optionNamed = (name: string): OptionEntry | undefined => BY_NAME.get(name);

/** The option with this key. */
export const optionOf = (key: string): OptionEntry | undefined => BY_KEY.get(key);

/** All names of all options, for suggestions. */
export const optionNames = (): readonly string[] => [...BY_NAME.keys()];

/** The long flag, for messages: `--instances` of `-i, --instances <n>`. */
export function flagName(entry: OptionEntry): string {
  const long = /--[\w-]+/.exec(entry.flags?.[0] ?? '');
  return long?.[0] ?? entry.key;
}
