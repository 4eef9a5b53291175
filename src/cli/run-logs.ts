import { logs } from './commands/logs.ts';
import { createContext } from './context.ts';
import type { Io } from './io.ts';
import { leanWords } from './lean-words.ts';

/** Runs `lb logs` in a bundle of its own, which loads in a fraction of the time. Null for command lines that need the parser. */
export async function runLogs(argv: readonly string[], io: Io): Promise<number | null> {
  const words = leanWords(argv, logs);
  return words === null ? null : await logs.run(await createContext(io, 'logs', words));
}
