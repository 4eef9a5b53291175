import { statSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { errnoOf, LbError } from '../errors/lb-error.ts';

/**
 * The working directory as the shell calls it. `process.cwd()` resolves symbolic links, so a reload would never see that a
 * deploy switched a link such as `/srv/app/current`.
 * @throws LbError LB_ERR_DIRECTORY if it was deleted
 */
export function callerDirectory(env: NodeJS.ProcessEnv = process.env, cwd: string = currentDirectory(env)): string {
  const named = env['PWD'];
  if (named === undefined || !isAbsolute(named) || named === cwd) return cwd;
  try {
    const [a, b] = [statSync(named), statSync(cwd)];
    return a.dev === b.dev && a.ino === b.ino ? named : cwd;
  } catch {
    return cwd;
  }
}

function currentDirectory(env: NodeJS.ProcessEnv): string {
  try {
    return process.cwd();
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
    throw new LbError('LB_ERR_DIRECTORY', { directory: env['PWD'] ?? 'the current directory' });
  }
}
