import { EXIT } from '../errors/registry.ts';
import { callerDirectory } from '../system/caller-directory.ts';
import type { Io } from './io.ts';
import { runLean } from './run-lean.ts';

for (const stream of [process.stdout, process.stderr]) {
  // The reader has gone away (`lb logs | head`).
  stream.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? EXIT.ok : EXIT.failed));
}

const io: Io = {
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  get cwd() {
    return callerDirectory();
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

/** The complete command line is a separate bundle, loaded only if `runLean` does not handle the command. */
const wholeCli = (): Promise<typeof import('./run-cli.ts')> => import('./run-cli.ts');

async function run(argv: readonly string[]): Promise<number> {
  try {
    return (await runLean(argv, io)) ?? (await (await wholeCli()).runCli(argv, io));
  } catch (error) {
    return await (await wholeCli()).reportFailure(error, argv, io);
  }
}

void run(process.argv.slice(2)).then((exitCode) => {
  process.exitCode = exitCode;
  process.stdout.write('', () => process.exit());
});
