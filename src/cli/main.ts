import { EXIT } from '../errors/registry.ts';
import { callerDirectory } from '../system/caller-directory.ts';
import type { Io } from './io.ts';
import { runCli } from './run-cli.ts';

for (const stream of [process.stdout, process.stderr]) {
  // The reader went away (`lb logs | head`): there is nobody left to tell.
  stream.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? EXIT.ok : EXIT.failed));
}

const io: Io = {
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  cwd: callerDirectory(),
  onInterrupt(listener) {
    let again = false;
    const onSignal = (): void => {
      // A second Ctrl-C does not wait for anything.
      if (again) process.exit(EXIT.interrupted);
      again = true;
      listener();
    };
    process.on('SIGINT', onSignal);
    return () => void process.off('SIGINT', onSignal);
  },
};

void runCli(process.argv.slice(2), io).then((exitCode) => {
  process.exitCode = exitCode;
  process.stdout.write('', () => process.exit());
});
