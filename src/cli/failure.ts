import { LbError } from '../errors/lb-error.ts';
import { EXIT } from '../errors/registry.ts';
import { isInterrupted } from './interrupted.ts';
import { terminalWidth, type Io } from './io.ts';
import { errorView } from './output/error-view.ts';
import { styleFor } from './output/style.ts';

/**
 * Reports why a command failed, on stderr, and with `--json` as a record on stdout. Returns the exit code.
 * @param command the name of the command; null if none was recognised.
 */
export async function reportFailure(thrown: unknown, argv: readonly string[], io: Io, command: string | null = null): Promise<number> {
  if (isInterrupted(thrown)) return EXIT.interrupted;
  const error = failureOf(thrown, command);
  if (error.code === 'LB_ERR_DAEMON_NOT_RUNNING') await adviseOthers(error, command, io);
  const own = argv.includes('--') ? argv.slice(0, argv.indexOf('--')) : argv;
  if (own.includes('--json')) io.stdout.write(`${JSON.stringify({ type: 'result', ok: false, error: error.toRecord() })}\n`);
  io.stderr.write(errorView(error, await styleFor(io.stderr, io.env), terminalWidth(io.stderr)));
  return error.exitCode;
}

/** No daemon may mean that the command was run by the wrong user. */
async function adviseOthers(error: LbError, command: string | null, { env }: Io): Promise<void> {
  const { otherDaemonLines } = await import('./other-daemons.ts');
  const others = otherDaemonLines(command ?? 'list', env);
  if (others.length > 0) error.advising([error.hint ?? '', ...others].join('; '));
}

/** Any thrown value as an error of this command; a usage error points to the help of the command. */
export function failureOf(thrown: unknown, command: string | null): LbError {
  const error = isLostDirectory(thrown) ? new LbError('LB_ERR_DIRECTORY', { directory: 'relative paths lead nowhere' }) : LbError.from(thrown);
  return error.code === 'LB_ERR_USAGE' && command !== null ? error.advising(`run "lb ${command} --help"`) : error;
}

/** A relative path was resolved in a current directory that was deleted. */
const isLostDirectory = (thrown: unknown): boolean => thrown instanceof Error && 'syscall' in thrown && thrown.syscall === 'uv_cwd';
