/** The program of `lb run`: a bundle of its own, because a container waits for it. */
import { standBehindInit } from '../system/first-process.ts';
import { run } from './commands/run.ts';
import { createContext } from './context.ts';
import type { Io } from './io.ts';
import { leanWords } from './lean-words.ts';
import { placeFor } from './place.ts';
import { runProgram } from './run-program.ts';

/** Null for command lines that need the parser. */
async function runLean([, ...flags]: readonly string[], io: Io): Promise<number | null> {
  const words = leanWords(flags, run);
  return words === null ? null : await run.run(await createContext(io, 'run', words, ['run', ...flags], placeFor(io)));
}

standBehindInit();
runProgram(runLean, 'run');
