import { errnoOf } from '../errors/lb-error.ts';
import { EXIT } from '../errors/registry.ts';
import { callerDirectory } from '../system/caller-directory.ts';
import { terminalOutput } from '../system/terminal-output.ts';
import type { Io } from './io.ts';
import { standardOutput } from './standard-output.ts';

/** The reader may have gone away (`lb logs | head`). */
const failed = (error: unknown): void => process.exit(errnoOf(error) === 'EPIPE' ? EXIT.ok : EXIT.failed);
const stdout = standardOutput(1, () => process.stdout, failed);
const stderr = standardOutput(2, () => process.stderr, failed);

async function askOnTerminal(question: string): Promise<string> {
  const { createInterface } = await import('node:readline/promises');
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    // The end of the input (Ctrl-D) is an empty answer.
    return await Promise.race([terminal.question(question), new Promise<string>((resolve) => terminal.once('close', () => resolve('')))]);
  } finally {
    terminal.close();
  }
}

const io: Io = {
  stdout: terminalOutput(stdout),
  stderr: terminalOutput(stderr),
  env: process.env,
  get cwd() {
    return callerDirectory();
  },
  async readStdin() {
    let text = '';
    for await (const chunk of process.stdin.setEncoding('utf8')) text += String(chunk);
    return text;
  },
  get ask() {
    return process.stdin.isTTY && process.stderr.isTTY ? askOnTerminal : null;
  },
  onInterrupt(listener) {
    let again = false;
    const onSignal = (): void => {
      // A second Ctrl-C exits immediately.
      if (again) process.exit(EXIT.interrupted);
      again = true;
      listener();
    };
    process.on('SIGINT', onSignal);
    return () => void process.off('SIGINT', onSignal);
  },
};

/** A command line that is tried before the complete one, with a part of the code. Null, with no side effects, for what it cannot handle. */
type QuickCli = (argv: readonly string[], io: Io) => Promise<number | null>;

/** The complete command line is a separate bundle. */
const wholeCli = (): Promise<typeof import('./run-cli.ts')> => import('./run-cli.ts');

async function run(argv: readonly string[], quickCli: QuickCli, command: string | null): Promise<number> {
  try {
    return (await quickCli(argv, io)) ?? (await (await wholeCli()).runCli(argv, io));
  } catch (error) {
    return await (await wholeCli()).reportFailure(error, argv, io, command);
  }
}

/** Runs the command line, then exits. @param command the one that `quickCli` handles, if it is only one */
export function runProgram(quickCli: QuickCli, command: string | null = null): void {
  void run(process.argv.slice(2), quickCli, command).then((exitCode) => {
    process.exitCode = exitCode;
    stdout.flush(() => stderr.flush(() => process.exit()));
  });
}
