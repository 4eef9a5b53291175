import type { StartDaemon } from '../client/ensure-daemon.ts';

/** Where a command writes to; `process.stdout` is one. */
export interface Sink {
  write(text: string): boolean;
  once(event: 'drain', listener: () => void): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
}

/** Everything a command sees of the outside world. */
export interface Io {
  readonly stdout: Sink;
  readonly stderr: Sink;
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  /** Calls the listener at Ctrl-C instead of ending the process; the result undoes that. */
  onInterrupt(listener: () => void): () => void;
  readonly startDaemon?: StartDaemon;
}

/** Columns of a terminal; null when the sink is none. */
export function terminalWidth({ isTTY, columns }: Sink): number | null {
  return isTTY === true ? (columns ?? null) : null;
}
