import { EXIT } from '../../errors/registry.ts';
import type { Io } from '../io.ts';
import { pm2Daemons } from '../migrate/pm2-daemon.ts';
import { runLean } from '../run-lean.ts';
import { dropName, takeName } from './name-link.ts';
import { translate, type Translated } from './translate.ts';

const HELP = `Usage: lb-pm2 <word> [options]

Takes the command lines of PM2, for scripts that stay as they are, and runs lb.
  lb-pm2 start|restart|reload|stop|delete|list|jlist|logs|…   as in PM2
  lb-pm2 alias [dir]     also answer to "pm2", by a link in dir
  lb-pm2 unalias [dir]   remove that link

What runs is reloaded by start and restart, without dropping requests. kill,
update and unstartup need --yes. Exit codes: 0 and 1. docs/from-pm2.md has all.
`;

/** Runs one command line of PM2, and resolves with 0 or 1. Never throws. */
export async function runPm2(given: readonly string[], io: Io): Promise<number> {
  return (await exitCodeOf(given, io)) === EXIT.ok ? 0 : 1;
}

async function exitCodeOf(given: readonly string[], io: Io): Promise<number> {
  const [word, folder] = given;
  if (given.length === 0 || (given.length === 1 && ['help', '--help', '-h'].includes(word ?? ''))) {
    io.stdout.write(HELP);
    return EXIT.ok;
  }
  try {
    if (word !== 'alias' && word !== 'unalias') return await runTranslated(translate(given), io);
    for (const line of word === 'alias' ? takeName(folder, io, pm2Daemons()) : dropName(folder, io)) io.stderr.write(`${line}\n`);
    return EXIT.ok;
  } catch (error) {
    return await (await wholeCli()).reportFailure(error, given, io);
  }
}

async function runTranslated({ argv, isAnswer }: Translated, io: Io): Promise<number> {
  const own = isAnswer ? io : withoutAnswer(io);
  return (await runLean(argv, own)) ?? (await (await wholeCli()).runCli(argv, own));
}

const wholeCli = (): Promise<typeof import('../run-cli.ts')> => import('../run-cli.ts');

/** What it prints is for people. */
const withoutAnswer = (io: Io): Io => ({
  stdout: io.stderr,
  stderr: io.stderr,
  env: io.env,
  get cwd() {
    return io.cwd;
  },
  get ask() {
    return io.ask;
  },
  onInterrupt: (listener) => io.onInterrupt(listener),
  readStdin: () => io.readStdin(),
  ...(io.startDaemon === undefined ? {} : { startDaemon: io.startDaemon }),
});
