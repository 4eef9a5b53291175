import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { messageOf } from '../errors/lb-error.ts';
import { ensureHome } from '../system/ensure-home.ts';
import { homePaths } from '../system/paths.ts';
import { programPlaces } from '../system/program-places.ts';
import { copyProgram, copyProgramTo, PROGRAM_PARTS, readProgram } from '../system/program.ts';

type DaemonModule = typeof import('../daemon/main.ts');

/** The code of a daemon, and why it is not that of a copy. */
interface LoadedDaemon {
  readonly module: DaemonModule;
  readonly notCopied: string | null;
}

const INSTALLATION = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '');

/**
 * Copies the program into the home and loads the daemon from there, so that nothing it does later depends on the installation, which
 * may be overwritten or removed. This process becomes the daemon: the one exception to the import rule.
 * @throws LbError LB_ERR_HOME
 */
export async function loadDaemon(home: string): Promise<LoadedDaemon> {
  ensureHome(homePaths(home));
  try {
    const installed = readProgram(INSTALLATION);
    const { directory } = copyProgramTo(programPlaces(home), (below) => copyProgram(installed, below));
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a copy of the module that is imported below.
    const module = createRequire(import.meta.url)(join(directory, PROGRAM_PARTS.daemonModule)) as DaemonModule;
    return { module, notCopied: null };
  } catch (error) {
    return { module: await import('../daemon/main.ts'), notCopied: messageOf(error) };
  }
}
