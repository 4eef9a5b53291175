import { LbError } from '../errors/lb-error.ts';
import { describe } from './describe.ts';
import { env as envKind, type EnvLayer } from './env-kind.ts';
import type { Mismatch } from './kind.ts';
import { suggestion, withNearest } from './nearest.ts';
import {
  OPTIONS,
  OPTION_LIST,
  flagName,
  namesOf,
  optionNamed,
  optionNames,
  optionOf,
  type OptionEntry,
  type OptionKey,
  type ValueTypes,
  type Values,
} from './options.ts';
import type { Option } from './options/option.ts';
import { pm2KeyNames, whyIgnored } from './pm2-keys.ts';

/** Where a value was given, for messages. */
export interface Origin {
  /** A config file, or `command line`. */
  readonly file: string;
  /** `apps[1].instances`, or `--instances`. */
  readonly path: string;
}

/** The parsed values of one source (an app in a file, or the flags), and where each was given. */
export interface Layer {
  readonly values: Values;
  readonly origins: ReadonlyMap<OptionKey, Origin>;
  /** `env_<name>` blocks by name. */
  readonly profiles: ReadonlyMap<string, EnvLayer>;
  readonly problems: readonly LbError[];
  readonly warnings: readonly string[];
}

export const COMMAND_LINE = 'command line';
const PROFILE = /^env_(.+)$/;

/** The error for an invalid value. */
export function valueError(origin: Origin, expected: string, got: string): LbError {
  return new LbError('LB_ERR_CONFIG_VALUE', { ...origin, expected, got });
}

class LayerReader {
  readonly #values: { -readonly [K in OptionKey]?: ValueTypes[K] } = {};
  readonly #origins = new Map<OptionKey, Origin>();
  readonly #profiles = new Map<string, EnvLayer>();
  readonly problems: LbError[] = [];
  readonly warnings: string[] = [];

  option<K extends OptionKey>(key: K, raw: unknown, origin: Origin): void {
    const option: Option<ValueTypes[K]> = OPTIONS[key];
    const parsed = option.kind.parse(raw);
    const mismatch = 'mismatch' in parsed ? parsed.mismatch : mismatchOf(option, parsed.value, raw);
    if (mismatch !== undefined) {
      this.#reject(origin, mismatch);
    } else if ('value' in parsed) {
      this.#values[key] = parsed.value;
      this.#origins.set(key, origin);
    }
  }

  profile(name: string, raw: unknown, origin: Origin): void {
    const parsed = envKind.parse(raw);
    if ('mismatch' in parsed) this.#reject(origin, parsed.mismatch);
    else this.#profiles.set(name, parsed.value);
  }

  /** Keys that are no options. @param where begins the warnings */
  others(keys: readonly (readonly [name: string, value: unknown, origin: Origin])[], where: string, isOfPm2: boolean): void {
    const unknown: string[] = [];
    for (const [name, value, origin] of keys) {
      const profile = PROFILE.exec(name)?.[1];
      if (profile !== undefined && value !== undefined && value !== null) this.profile(profile, value, origin);
      if (profile !== undefined || whyIgnored(name) !== null) continue;
      if (isOfPm2) unknown.push(withNearest(name, allNames()));
      else this.problems.push(unknownKey(name, origin));
    }
    if (unknown.length > 0) this.warnings.push(`${where}unknown and ignored: ${unknown.join(', ')}`);
  }

  layer(): Layer {
    const { problems, warnings } = this;
    return { values: this.#values, origins: this.#origins, profiles: this.#profiles, problems, warnings };
  }

  #reject(origin: Origin, { expected, got, at }: Mismatch): void {
    this.problems.push(valueError({ file: origin.file, path: origin.path + at }, expected, got));
  }
}

function mismatchOf<T>(option: Option<T>, value: T, raw: unknown): Mismatch | undefined {
  const expected = option.check?.(value);
  return typeof expected === 'string' ? { expected, got: describe(raw), at: '' } : expected;
}

const isGiven = (entry: OptionEntry, raw: unknown): boolean => raw !== undefined && (raw !== null || entry.kind.takesNull === true);

/**
 * Reads one app of a config file.
 * @param path its path in the file: `apps[0]`, or empty if the file is the app
 * @param isOfPm2 it was written for PM2, which ignores keys that it does not know, and empty strings
 */
export function readApp(raw: Readonly<Record<string, unknown>>, file: string, path: string, isOfPm2 = false): Layer {
  const reader = new LayerReader();
  const originOf = (name: string): Origin => ({ file, path: path === '' ? name : `${path}.${name}` });
  const names = Object.keys(raw);
  for (const entry of OPTION_LIST) {
    const [name, ...others] = namesOf(entry).filter(
      (candidate) => Object.hasOwn(raw, candidate) && isGiven(entry, raw[candidate]) && !(isOfPm2 && raw[candidate] === ''),
    );
    if (name !== undefined) reader.option(entry.key, raw[name], originOf(name));
    for (const other of others) {
      if (raw[other] !== raw[String(name)]) reader.warnings.push(`${file}: ${originOf(other).path}: ignored, because "${name}" is given too`);
    }
  }
  const where = `${file}: ${path === '' ? '' : `${path}: `}`;
  reader.others(
    names.filter((candidate) => optionNamed(candidate) === undefined).map((name) => [name, raw[name], originOf(name)]),
    where,
    isOfPm2,
  );
  return reader.layer();
}

/** Reads the options that were given as flags. */
export function readFlags(flags: Readonly<Record<string, unknown>>): Layer {
  const reader = new LayerReader();
  for (const [key, raw] of Object.entries(flags)) {
    const entry = optionOf(key);
    if (entry === undefined) reader.problems.push(unknownKey(key, { file: COMMAND_LINE, path: key }));
    else if (raw !== undefined) reader.option(entry.key, raw, { file: COMMAND_LINE, path: flagName(entry) });
  }
  return reader.layer();
}

/** Reads the options that are given in the environment. */
export function readEnvironment(env: NodeJS.ProcessEnv): Layer {
  const reader = new LayerReader();
  const grace = env['LB_STOP_GRACE'];
  if (grace !== undefined && grace !== '') reader.option('stop_grace', grace, { file: 'environment', path: 'LB_STOP_GRACE' });
  return reader.layer();
}

const allNames = (): readonly string[] => [...optionNames(), ...pm2KeyNames()];

function unknownKey(key: string, { file, path }: Origin): LbError {
  return new LbError('LB_ERR_CONFIG_UNKNOWN_KEY', { file, path, key, suggestion: suggestion(key, allNames()) });
}

/** What all apps of a file have, under what an app has itself. Variables of `env` are merged one by one. */
export function withDefaults(defaults: Layer, app: Layer): Layer {
  const env = mergeLayers(defaults.values.env, app.values.env);
  const names = new Set([...defaults.profiles.keys(), ...app.profiles.keys()]);
  return {
    ...app,
    values: { ...defaults.values, ...app.values, ...(env === undefined ? {} : { env }) },
    origins: new Map([...defaults.origins, ...app.origins]),
    profiles: new Map([...names].map((name) => [name, mergeLayers(defaults.profiles.get(name), app.profiles.get(name)) ?? new Map()])),
  };
}

const mergeLayers = (under: EnvLayer | undefined, over: EnvLayer | undefined): EnvLayer | undefined =>
  under === undefined ? over : new Map([...under, ...(over ?? [])]);
