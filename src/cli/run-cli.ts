import { CommanderError } from 'commander';
import { LbError } from '../errors/lb-error.ts';
import { EXIT } from '../errors/registry.ts';
import { commandNamed } from './command-table.ts';
import { createContext, type Words } from './context.ts';
import { Interrupted } from './interrupted.ts';
import type { Io } from './io.ts';
import { errorView } from './output/error-view.ts';
import { styleFor } from './output/style.ts';
import { buildProgram, type Called } from './program.ts';

/**
 * Runs one command line, without the program's name, and resolves with the exit code. Never throws, never exits.
 */
export async function runCli(argv: readonly string[], io: Io): Promise<number> {
  const own = argv.includes('--') ? argv.slice(0, argv.indexOf('--')) : argv;
  const json = own.includes('--json');
  try {
    return await runCommand(argv, io);
  } catch (thrown) {
    if (thrown instanceof Interrupted) return EXIT.interrupted;
    const error = LbError.from(thrown);
    if (json) io.stdout.write(`${JSON.stringify({ type: 'result', ok: false, error: error.toRecord() })}\n`);
    io.stderr.write(errorView(error, styleFor(io.stderr, io.env)));
    return error.exitCode;
  }
}

async function runCommand(argv: readonly string[], io: Io): Promise<number> {
  const called = await calledBy(argv);
  const [own, appArgs] = splitAppArgs(argv, called?.command.takesAppArgs === true);
  let words: Words | null = null;
  const program = buildProgram(io, called, (given) => (words = { ...given, appArgs }));
  try {
    program.parse(own.length === 0 ? ['--help'] : own, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) return endOfParsing(error);
    throw error;
  }
  if (called === null || words === null) return EXIT.ok;
  return await called.command.run(createContext(io, words));
}

/** Loads the command that the first word names, or the word after `help`. */
async function calledBy(argv: readonly string[]): Promise<Called | null> {
  const words = argv.filter((word) => !word.startsWith('-'));
  const entry = commandNamed((words[0] === 'help' ? words[1] : words[0]) ?? '');
  return entry === undefined ? null : { entry, command: await entry.load() };
}

/** What stands after the first `--` belongs to the app. */
function splitAppArgs(argv: readonly string[], takesAppArgs: boolean): [readonly string[], readonly string[]] {
  const at = takesAppArgs ? argv.indexOf('--') : -1;
  return at < 0 ? [argv, []] : [argv.slice(0, at), argv.slice(at + 1)];
}

function endOfParsing(error: CommanderError): number {
  if (error.exitCode === EXIT.ok) return EXIT.ok;
  const problem = error.message.replace(/^error: /, '').replace(/\s*\n\s*/g, ' ');
  throw new LbError('LB_ERR_USAGE', { problem });
}
