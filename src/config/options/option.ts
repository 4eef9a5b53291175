import type { Kind, Mismatch } from '../kind.ts';

export const GROUPS = [
  'App',
  'Environment and Node.js',
  'Start and stop',
  'Restarts and limits',
  'Cron and watch',
  'Scaling',
  'Balancing',
  'Health',
  'Logs',
  'Events',
] as const;
type Group = (typeof GROUPS)[number];

/** One option: what flags, files, defaults, checks and documentation need. */
export interface Option<T> {
  readonly group: Group;
  readonly kind: Kind<T>;
  /** Other names in PM2's files. The camelCase form of every name is accepted as well. */
  readonly aliases?: readonly string[];
  /** Flags in commander's notation, such as `-i, --instances <n>`; messages use the first one. */
  readonly flags?: readonly string[];
  /** Present if the default does not depend on anything else. */
  readonly default?: T;
  /** The default on the reference page; derived from `default` if absent. */
  readonly defaultText?: string;
  /** One sentence without a full stop: the flag's help text. */
  readonly doc: string;
  /** Interactions, limits and differences from PM2, for the reference page. Full sentences. */
  readonly notes?: string;
  /** A condition that the kind can't express. Returns what was expected, of the value or a part of it; undefined if the value is valid. */
  check?(value: T): string | Mismatch | undefined;
}

/** An option without a default; keeps its value type. */
export const option = <T>(entry: Option<T>): Option<T> => entry;

/** An option with a default; keeps its value type. */
export const withDefault = <T>(entry: Option<T> & { readonly default: T }): Option<T> & { readonly default: T } => entry;
