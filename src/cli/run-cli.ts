import { commandNamed } from './command-table.ts';
import { GLOBAL_OPTIONS } from './command.ts';
import { createContext, type Words } from './context.ts';
import { reportFailure } from './failure.ts';
import type { Io } from './io.ts';
import { placeFor } from './place.ts';
import type { Called } from './program.ts';

export { reportFailure };

/** Runs one command line, without the program's name, and resolves with the exit code. Never throws, never exits. */
export async function runCli(given: readonly string[], io: Io): Promise<number> {
  const argv = commandFirst(given);
  let called: Called | null = null;
  try {
    called = await calledBy(argv);
    const words = plainWords(argv, called) ?? (await import('./program.ts')).parseCommandLine(argv, io, called);
    if (called === null || words === null) return 0;
    return await called.command.run(await createContext(io, called.entry.name, words, argv, placeFor(io)));
  } catch (error) {
    return await reportFailure(error, argv, io, called?.entry.name);
  }
}

/** Flags of every command may stand before it. */
function commandFirst(argv: readonly string[]): readonly string[] {
  const isGlobal = (word: string | undefined): boolean => GLOBAL_OPTIONS.some(({ flags }) => flags.split(', ').includes(word ?? ''));
  const at = argv.findIndex((word) => !isGlobal(word));
  return at > 0 && argv[at]?.startsWith('-') === false ? [argv[at] ?? '', ...argv.slice(0, at), ...argv.slice(at + 1)] : argv;
}

/** Loads the command that the first word names, or the word after `help`. */
async function calledBy(argv: readonly string[]): Promise<Called | null> {
  const words = argv.filter((word) => !word.startsWith('-'));
  const entry = commandNamed((words[0] === 'help' ? words[1] : words[0]) ?? '');
  return entry === undefined ? null : { entry, command: await entry.load() };
}

/** Commands without operands and flags skip the parser, whose loading takes longer than everything else. Null if the parser is needed. */
function plainWords(argv: readonly string[], called: Called | null): Words | null {
  const [name = '', flag] = argv;
  if (called === null || called.command.operands !== '' || argv.length > 2 || commandNamed(name) !== called.entry) return null;
  if (flag === undefined) return { args: [], options: {}, appArgs: [] };
  const isJson = flag === '--json' && called.command.options.some((option) => option.flags === flag);
  return isJson ? { args: [], options: { json: true }, appArgs: [] } : null;
}
