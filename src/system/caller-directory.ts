import { statSync } from 'node:fs';
import { isAbsolute } from 'node:path';

/**
 * The working directory as the shell calls it. `process.cwd()` resolves symbolic links, so a reload would never see that a
 * deploy switched a link such as `/srv/app/current`.
 */
export function callerDirectory(env: NodeJS.ProcessEnv = process.env, cwd: string = process.cwd()): string {
  const named = env['PWD'];
  if (named === undefined || !isAbsolute(named) || named === cwd) return cwd;
  try {
    const [a, b] = [statSync(named), statSync(cwd)];
    return a.dev === b.dev && a.ino === b.ino ? named : cwd;
  } catch {
    return cwd;
  }
}
