import type { Command, OptionDef } from './command.ts';
import type { Words } from './context.ts';
import { someText } from './values.ts';

/** A flag as it is given, and what it does to the options. */
interface Flag {
  readonly definition: OptionDef;
  readonly key: string;
  readonly takesValue: boolean;
  readonly negates: boolean;
}

/**
 * Reads the words of a command line without the parser, whose loading takes longer than the command. Null if the parser is
 * needed: for help, for usage errors, and for rarer ways to write a flag.
 * @param argv without the name of the command, which takes any number of operands
 */
export function leanWords(argv: readonly string[], command: Command): Words | null {
  const flags = flagsOf(command.options);
  const args: string[] = [];
  const options: Record<string, unknown> = {};
  const words = [...argv];
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    if (!word.startsWith('-')) {
      if (word.trim() === '') return null;
      args.push(word);
      continue;
    }
    const flag = flags.get(word);
    if (flag === undefined) return null;
    const value = flag.takesValue ? valueOf(flag.definition, words.shift()) : !flag.negates;
    if (value === undefined) return null;
    options[flag.key] = value;
  }
  return { args, options, appArgs: [] };
}

function flagsOf(options: readonly OptionDef[]): ReadonlyMap<string, Flag> {
  const flags = options.flatMap((definition) => {
    const names = definition.flags.match(/(?<![\w-])--?[\w-]+/g) ?? [];
    // An optional value is a matter for the parser.
    if (definition.flags.includes('[')) return [];
    const long = names.at(-1) ?? '';
    const negates = long.startsWith('--no-');
    const name = long.slice(negates ? '--no-'.length : '--'.length);
    const key = definition.key ?? name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
    return names.map((each): [string, Flag] => [each, { definition, key, takesValue: definition.flags.includes('<'), negates }]);
  });
  return new Map(flags);
}

/** Undefined if the value is missing or wrong: the parser says so. */
function valueOf({ parse = someText, choices }: OptionDef, text: string | undefined): unknown {
  if (text === undefined || text.startsWith('-') || choices !== undefined) return undefined;
  try {
    return parse(text);
  } catch {
    return undefined;
  }
}
