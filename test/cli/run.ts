import { runCli } from '../../src/cli/run-cli.ts';
import type { Io, Sink } from '../../src/cli/io.ts';

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface Surroundings {
  readonly home: string;
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Columns of the terminal; absent is no terminal. */
  readonly columns?: number;
  readonly startDaemon?: Io['startDaemon'];
  /** Gets the function that stands for Ctrl-C. */
  readonly onReady?: (interrupt: () => void) => void;
  readonly onOutput?: () => void;
}

/** Runs a command line in this process. */
export async function lb(argv: readonly string[], surroundings: Surroundings): Promise<Ran> {
  const { columns, onReady, onOutput, startDaemon } = surroundings;
  const out = memorySink(columns, onOutput);
  const err = memorySink(columns, onOutput);
  const io: Io = {
    stdout: out.sink,
    stderr: err.sink,
    env: { LB_HOME: surroundings.home, PATH: process.env['PATH'], ...surroundings.env },
    cwd: surroundings.cwd ?? surroundings.home,
    onInterrupt(listener) {
      onReady?.(listener);
      return () => {};
    },
    ...(startDaemon === undefined ? {} : { startDaemon }),
  };
  const code = await runCli(argv, io);
  return { code, out: out.text(), err: err.text() };
}

function memorySink(columns: number | undefined, onOutput: (() => void) | undefined): { sink: Sink; text: () => string } {
  let text = '';
  const sink: Sink = {
    write(chunk) {
      text += chunk;
      onOutput?.();
      return true;
    },
    once: () => {},
    ...(columns === undefined ? {} : { isTTY: true, columns }),
  };
  return { sink, text: () => text };
}
