import { Argument, Command as Program, CommanderError, Option } from 'commander';
import { LbError, messageOf } from '../errors/lb-error.ts';
import { EXIT } from '../errors/registry.ts';
import { COMMANDS, type CommandEntry } from './command-table.ts';
import { GLOBAL_OPTIONS, type Command, type OptionDef } from './command.ts';
import type { Options, Words } from './context.ts';
import type { Io } from './io.ts';
import { unknownCommand, usageProblem } from './usage-problem.ts';
import { someText } from './values.ts';
import { lbVersion } from './version.ts';

const HELP_COLUMNS = 80;
const MAX_HELP_COLUMNS = 100;

/** The command that runs. It is the only one whose module is loaded. */
export interface Called {
  readonly entry: CommandEntry;
  readonly command: Command;
}

/** The arguments and options of a command line; null if it asked for help or the version, which have then been printed. @throws LbError LB_ERR_USAGE */
export function parseCommandLine(argv: readonly string[], io: Io, called: Called | null): Words | null {
  const [name] = argv;
  // Checked first: for `lb <unknown> --help` the parser would print the general help.
  if (called === null && name !== undefined && name !== 'help' && !name.startsWith('-')) throw new LbError('LB_ERR_USAGE', { problem: unknownCommand(name) });
  const [own, appArgs] = splitAppArgs(argv, called?.command.takesAppArgs === true);
  let words: Words | null = null;
  const program = buildProgram(io, called, (given) => (words = { ...given, appArgs }));
  try {
    program.parse(own.length === 0 ? ['--help'] : own, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode !== EXIT.ok) throw new LbError('LB_ERR_USAGE', { problem: usageProblem(error, argv, grammarOf(called)) });
  }
  return words;
}

function grammarOf(called: Called | null): { readonly flags: readonly string[]; readonly usage: string } {
  if (called === null) return { flags: ['--help', '--version'], usage: 'lb <command> [options]' };
  const { entry, command } = called;
  const shown = command.options.filter(({ hidden }) => hidden !== true);
  const flags = ['--help', ...shown.flatMap((option) => option.flags.match(/--[\w-]+/g) ?? [])];
  return { flags, usage: `lb ${entry.name} ${usageOf(command)}` };
}

/** Words after the first `--` belong to the app. */
function splitAppArgs(argv: readonly string[], takesAppArgs: boolean): [readonly string[], readonly string[]] {
  const at = takesAppArgs ? argv.indexOf('--') : -1;
  return at < 0 ? [argv, []] : [argv.slice(0, at), argv.slice(at + 1)];
}

/** The whole grammar. Help, usage errors and the version throw a `CommanderError`. */
function buildProgram(io: Io, called: Called | null, onCall: (words: Words) => void): Program {
  const program = withOutput(new Program('lb'), io)
    .usage('<command> [options]')
    .description(
      'Runs Node.js servers on every core of a machine. Deploys and scaling let requests in progress finish, for up to kill_timeout; a crash fails only the requests of that worker.',
    )
    .version(lbVersion(), '-v, --version', 'print the version')
    .helpOption('-h, --help', 'show this help')
    .helpCommand('help [command]', 'show the help of a command')
    .addHelpText(
      'after',
      '\nEvery command takes -s, --silent (print only what was asked for, and errors) and --no-color.\nRun "lb <command> --help" for the options of a command. Exit codes: docs/commands.md',
    );
  for (const entry of COMMANDS) {
    const sub = withOutput(program.command(entry.name, { hidden: entry.hidden === true }), io)
      .summary(entry.summary)
      .aliases([...entry.aliases]);
    if (called?.entry === entry) defineCommand(sub, called, onCall);
  }
  return program;
}

function defineCommand(sub: Program, { entry, command }: Called, onCall: (words: Words) => void): void {
  sub.description(command.description).usage(usageOf(command));
  for (const word of command.operands.split(' ').filter(Boolean))
    sub.addArgument(new Argument(word).argParser((value: string) => parsed(value, someText, word)));
  const keys = new Map<string, string>();
  for (const definition of [...command.options, ...GLOBAL_OPTIONS]) {
    const option = optionOf(definition);
    keys.set(option.attributeName(), definition.key ?? option.attributeName());
    sub.addOption(option);
  }
  sub.addHelpText('after', helpTail(entry, command));
  sub.action(() => onCall({ args: sub.args, options: givenOptions(sub, keys), appArgs: [] }));
}

/** Only options given on the command line: commander's defaults must not override a config file. */
function givenOptions(sub: Program, keys: ReadonlyMap<string, string>): Options {
  const given = Object.entries(sub.opts<Record<string, unknown>>()).filter(([name]) => sub.getOptionValueSource(name) === 'cli');
  return Object.fromEntries(given.map(([name, value]) => [keys.get(name) ?? name, value]));
}

function optionOf({ flags, description, parse = someText, choices, hidden }: OptionDef): Option {
  const option = new Option(flags, description).hideHelp(hidden === true);
  if (choices !== undefined) option.choices(choices);
  const read = choices === undefined ? parse : oneOf(choices);
  const takesValue = option.required || option.optional;
  return takesValue ? option.argParser((value: string) => parsed(value, read, flags)) : option;
}

const oneOf =
  (choices: readonly string[]) =>
  (value: string): string => {
    if (choices.includes(value)) return value;
    throw new Error(`expected one of ${choices.join(', ')}`);
  };

/** @param subject the flags or the operand, as the help writes them. */
function parsed(value: string, parse: (value: string) => unknown, subject: string): unknown {
  try {
    return parse(value);
  } catch (error) {
    throw new LbError('LB_ERR_USAGE', { problem: `${subject}: ${messageOf(error)}, got "${value}"` });
  }
}

function usageOf(command: Command): string {
  return ['[options]', command.operands, command.takesAppArgs === true ? '[-- args...]' : ''].filter(Boolean).join(' ');
}

function helpTail({ aliases }: CommandEntry, command: Command): string {
  const exits = ['ok', 'usage', ...command.exits] as const;
  const codes = [...new Set(exits)].sort((a, b) => EXIT[a] - EXIT[b]).map((name) => `${EXIT[name]} ${name}`);
  const others = aliases.length === 0 ? '' : `Aliases: ${aliases.join(', ')}\n\n`;
  return `\n${others}Examples:\n${command.examples.map((line) => `  ${line}`).join('\n')}\n\nExit codes:\n  ${codes.join(', ')}`;
}

function withOutput(program: Program, io: Io): Program {
  const width = (columns: number | undefined): number => Math.min(columns ?? HELP_COLUMNS, MAX_HELP_COLUMNS);
  return program
    .exitOverride()
    .showSuggestionAfterError(false)
    .configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      // Usage errors become LB_ERR_USAGE and are printed like all others.
      writeErr: () => {},
      getOutHelpWidth: () => width(io.stdout.columns),
      getErrHelpWidth: () => width(io.stderr.columns),
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    });
}
