import type { CommanderError } from 'commander';
import { suggestion } from '../config/nearest.ts';
import { COMMANDS } from './command-table.ts';
import { pm2Alternative, pm2FlagAlternative } from './pm2-habits.ts';

/** What a usage error is about: the flags of the command and its whole usage line. */
interface Grammar {
  readonly flags: readonly string[];
  readonly usage: string;
}

/** A usage error of the parser in the words of `lb`: what was expected, and what was found. */
export function usageProblem({ code, message }: CommanderError, argv: readonly string[], { flags, usage }: Grammar): string {
  const [, quoted = ''] = /'([^']*)'/.exec(message) ?? [];
  switch (code) {
    case 'commander.unknownCommand':
    // `lb help <unknown>` ends in the help of all commands.
    case 'commander.help':
      return unknownCommand(quoted || (argv[1] ?? ''));
    case 'commander.unknownOption': {
      const [flag = ''] = quoted.split('=');
      return pm2FlagAlternative(flag) ?? `unknown option "${flag}"${suggestion(flag, flags)}`;
    }
    case 'commander.missingArgument':
      return `missing <${quoted}>; usage: ${usage}`;
    case 'commander.optionMissingArgument':
      return `option "${quoted}" needs a value`;
    case 'commander.excessArguments':
      return `too many arguments; usage: ${usage}`;
    default:
      return message.replace(/^error: /, '').replace(/\s*\n\s*/g, ' ');
  }
}

export function unknownCommand(word: string): string {
  const instead = pm2Alternative(word);
  if (instead !== null) return instead;
  const names = COMMANDS.flatMap(({ name, aliases }) => [name, ...aliases]);
  return `unknown command "${word}"${suggestion(word, names)}`;
}
