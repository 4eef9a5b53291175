import type { StartDaemon } from '../client/ensure-daemon.ts';
import { LbError } from '../errors/lb-error.ts';
import type { Output } from '../system/terminal-output.ts';

/** An output stream of a command. */
export type Sink = Output;

/** The I/O of a command. */
export interface Io {
  readonly stdout: Sink;
  readonly stderr: Sink;
  readonly env: NodeJS.ProcessEnv;
  /** @throws LbError LB_ERR_DIRECTORY if it was deleted; so only what needs it asks for it. */
  readonly cwd: string;
  /** Calls the listener on Ctrl-C instead of ending the process. Returns a function that undoes this. */
  onInterrupt(listener: () => void): () => void;
  /** All that comes on stdin, until its end. */
  readonly readStdin: () => Promise<string>;
  /** Asks on the terminal, and resolves with what was typed; null if there is no terminal. */
  readonly ask: ((question: string) => Promise<string>) | null;
  readonly startDaemon?: StartDaemon;
}

/** Columns of the terminal; null if the sink is not a terminal. */
export function terminalWidth({ isTTY, columns }: Sink): number | null {
  return isTTY === true ? (columns ?? null) : null;
}

/** Null if it was deleted: nothing has a relative path then, but apps still have names, and files absolute paths. */
export function existingDirectory(io: Io): string | null {
  try {
    return io.cwd;
  } catch (error) {
    if (LbError.from(error).code === 'LB_ERR_DIRECTORY') return null;
    throw error;
  }
}
