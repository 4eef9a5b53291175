import { enableCache } from './compile-cache.ts';
import { EXIT } from '../errors/registry.ts';
import type { Io } from './io.ts';

enableCache();
// Loaded after the cache is on, so that it is taken from it.
const { runCli } = await import('./run-cli.ts');

for (const stream of [process.stdout, process.stderr]) {
  // The reader went away (`lb logs | head`): there is nobody left to tell.
  stream.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
}

const io: Io = {
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  cwd: process.cwd(),
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

process.exitCode = await runCli(process.argv.slice(2), io);
process.stdout.write('', () => process.exit());
