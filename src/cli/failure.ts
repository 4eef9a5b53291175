import { LbError } from '../errors/lb-error.ts';
import { EXIT } from '../errors/registry.ts';
import { Interrupted } from './interrupted.ts';
import { terminalWidth, type Io } from './io.ts';
import { errorView } from './output/error-view.ts';
import { styleFor } from './output/style.ts';

/**
 * Tells why a command ended, on stderr, and with `--json` as a record on stdout; returns the exit code.
 * @param command its name; null when none was recognised.
 */
export async function reportFailure(thrown: unknown, argv: readonly string[], io: Io, command: string | null = null): Promise<number> {
  if (thrown instanceof Interrupted) return EXIT.interrupted;
  const error = failureOf(thrown, command);
  const own = argv.includes('--') ? argv.slice(0, argv.indexOf('--')) : argv;
  if (own.includes('--json')) io.stdout.write(`${JSON.stringify({ type: 'result', ok: false, error: error.toRecord() })}\n`);
  io.stderr.write(errorView(error, await styleFor(io.stderr, io.env), terminalWidth(io.stderr)));
  return error.exitCode;
}

/** Anything that was thrown as an error of this command: one of its words advises its own help. */
export function failureOf(thrown: unknown, command: string | null): LbError {
  const error = LbError.from(thrown);
  return error.code === 'LB_ERR_USAGE' && command !== null ? error.advising(`run "lb ${command} --help"`) : error;
}
