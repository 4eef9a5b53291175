import type { Command } from './command.ts';
import { createContext } from './context.ts';
import { leanWords } from './lean-words.ts';
import { placeFor } from './place.ts';
import { runProgram } from './run-program.ts';

/** The program of one command, in a bundle of its own: it loads in a fraction of the time. Command lines that need the parser are left to the whole command line. */
export function runAlone(name: string, command: Command): void {
  runProgram(async ([, ...flags], io) => {
    const words = leanWords(flags, command);
    return words === null ? null : await command.run(await createContext(io, name, words, [name, ...flags], placeFor(io)));
  }, name);
}
