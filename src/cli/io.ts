import type { StartDaemon } from '../client/ensure-daemon.ts';

/** An output stream of a command, such as `process.stdout`. */
export interface Sink {
  write(text: string): boolean;
  once(event: 'drain', listener: () => void): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
}

/** The I/O of a command. */
export interface Io {
  readonly stdout: Sink;
  readonly stderr: Sink;
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  /** Calls the listener on Ctrl-C instead of ending the process. Returns a function that undoes this. */
  onInterrupt(listener: () => void): () => void;
  readonly startDaemon?: StartDaemon;
}

/** Columns of the terminal; null if the sink is not a terminal. */
export function terminalWidth({ isTTY, columns }: Sink): number | null {
  return isTTY === true ? (columns ?? null) : null;
}
