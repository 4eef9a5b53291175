import type { Kind, Mismatch } from '../kind.ts';

export const GROUPS = ['App', 'Environment and Node.js', 'Start and stop', 'Restarts and limits', 'Scaling', 'Balancing', 'Health', 'Logs', 'Events'] as const;
type Group = (typeof GROUPS)[number];

/** One option: everything that flags, files, defaults, checks and documentation need to know about it. */
export interface Option<T> {
  readonly group: Group;
  readonly kind: Kind<T>;
  /** Other names it has in PM2's files; the camelCase of every name is accepted too. */
  readonly aliases?: readonly string[];
  /** Flags in commander's notation, such as `-i, --instances <n>`; the first is the one named in messages. */
  readonly flags?: readonly string[];
  /** Present when the default does not depend on anything else. */
  readonly default?: T;
  /** How the default reads in the reference page; derived from `default` when absent. */
  readonly defaultText?: string;
  /** What it does, in one sentence without a full stop: the flag's help text. */
  readonly doc: string;
  /** Interactions, limits, what differs from PM2: full sentences for the reference page. */
  readonly notes?: string;
  /** A condition its kind can't express: what was expected, of the whole value or of a part of it; undefined when all is well. */
  check?(value: T): string | Mismatch | undefined;
}

/** Keeps the value type of an option without a default. */
export const option = <T>(entry: Option<T>): Option<T> => entry;

/** Keeps the value type of an option with a default, and that it has one. */
export const withDefault = <T>(entry: Option<T> & { readonly default: T }): Option<T> & { readonly default: T } => entry;
