/** The program of `lb logs`: a bundle of its own loads in a fraction of the time. */
import { logs } from './commands/logs.ts';
import { createContext } from './context.ts';
import type { Io } from './io.ts';
import { leanWords } from './lean-words.ts';
import { placeFor } from './place.ts';
import { runProgram } from './run-program.ts';

/** Null for command lines that need the parser. */
async function runLogs([, ...flags]: readonly string[], io: Io): Promise<number | null> {
  const words = leanWords(flags, logs);
  return words === null ? null : await logs.run(await createContext(io, 'logs', words, ['logs', ...flags], placeFor(io)));
}

runProgram(runLogs, 'logs');
