import { runCli } from '../../src/cli/run-cli.ts';
import type { Io, Sink } from '../../src/cli/io.ts';
import { terminalOutput } from '../../src/system/terminal-output.ts';

export interface Ran<Code = number> {
  readonly code: Code;
  readonly out: string;
  readonly err: string;
}

export interface Surroundings {
  readonly home: string;
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Columns of the terminal; absent is no terminal. */
  readonly columns?: number;
  readonly rows?: number;
  readonly stdin?: string;
  /** What is typed in answer to a question; absent is no terminal. */
  readonly typed?: string;
  readonly startDaemon?: Io['startDaemon'];
  /** Gets the function that stands for Ctrl-C. */
  readonly onReady?: (interrupt: () => void) => void;
  readonly onOutput?: (text: string) => void;
}

/** Runs a command line in this process. */
export const lb = (argv: readonly string[], surroundings: Surroundings): Promise<Ran> => runWith(runCli, argv, surroundings);

/** The same with a part of the command line. */
export async function runWith<Code>(
  run: (argv: readonly string[], io: Io) => Promise<Code>,
  argv: readonly string[],
  surroundings: Surroundings,
): Promise<Ran<Code>> {
  const { columns, rows, onReady, onOutput, stdin = '', typed, startDaemon } = surroundings;
  const out = memorySink({ columns, rows }, onOutput);
  const err = memorySink({ columns, rows }, onOutput);
  const io: Io = {
    stdout: terminalOutput(out.sink),
    stderr: terminalOutput(err.sink),
    env: { LB_HOME: surroundings.home, PATH: process.env['PATH'], ...surroundings.env },
    cwd: surroundings.cwd ?? surroundings.home,
    readStdin: () => Promise.resolve(stdin),
    ask: typed === undefined ? null : () => Promise.resolve(typed),
    onInterrupt(listener) {
      onReady?.(listener);
      return () => {};
    },
    ...(startDaemon === undefined ? {} : { startDaemon }),
  };
  const code = await run(argv, io);
  return { code, out: out.text(), err: err.text() };
}

/** Of the terminal; without columns it is none. */
interface Size {
  readonly columns: number | undefined;
  readonly rows: number | undefined;
}

function memorySink({ columns, rows }: Size, onOutput: ((text: string) => void) | undefined): { sink: Sink; text: () => string } {
  let text = '';
  const sink: Sink = {
    write(chunk) {
      text += chunk;
      onOutput?.(chunk);
      return true;
    },
    once: () => {},
    ...(columns === undefined ? {} : { isTTY: true, columns }),
    ...(rows === undefined ? {} : { rows }),
  };
  return { sink, text: () => text };
}
