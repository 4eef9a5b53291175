import type { ExitName } from '../errors/error-entry.ts';
import type { Context } from './context.ts';

/** One flag of a command, in commander's notation. */
export interface OptionDef {
  readonly flags: string;
  readonly description: string;
  /** Parses the value; by default accepts any text that is not blank. @throws Error whose message says what was expected */
  readonly parse?: (value: string) => unknown;
  readonly choices?: readonly string[];
  /** The key in `Context.options`; by default the long flag in camelCase. */
  readonly key?: string;
  /** Accepted, but left out of the help and the docs. */
  readonly hidden?: boolean;
}

/** One command, as exported by a file of `commands/`: arguments, options, help and implementation. */
export interface Command {
  /** Operands in commander's notation: `<app...>`. */
  readonly operands: string;
  readonly description: string;
  readonly options: readonly OptionDef[];
  /** Possible exit codes besides `ok` and `usage`. */
  readonly exits: readonly ExitName[];
  readonly examples: readonly string[];
  /** Accepts arguments for the app after `--`. */
  readonly takesAppArgs?: boolean;
  /** Resolves with the exit code. */
  readonly run: (context: Context) => Promise<number>;
}

/** Flags of every command. */
export const GLOBAL_OPTIONS: readonly OptionDef[] = [
  { flags: '-s, --silent', description: 'print only what was asked for, and errors', hidden: true },
  { flags: '--no-color', description: 'no colours', hidden: true },
];

/** Their keys among the options. */
export const GLOBAL_KEYS: readonly string[] = ['silent', 'color'];

export const JSON_OPTION: OptionDef = { flags: '--json', description: 'print JSON' };
export const JSON_STREAM_OPTION: OptionDef = { flags: '--json', description: 'print progress and result as newline-delimited JSON' };
export const NOW_OPTION: OptionDef = { flags: '--now', description: 'skip the drain and kill the workers; requests in progress fail' };
export const UPDATE_ENV_OPTION: OptionDef = { flags: '-a, --update-env', description: "also set this shell's variables in the app's environment" };
