import { daemon } from './commands/daemon.ts';
import { createContext, type Words } from './context.ts';
import type { Io } from './io.ts';
import { placeFor } from './place.ts';

/** Runs `lb daemon` without the parser of the command line. */
export async function runDaemonAlone(io: Io, words: Words): Promise<number> {
  return await daemon.run(await createContext(io, 'daemon', words, ['daemon'], placeFor(io)));
}
