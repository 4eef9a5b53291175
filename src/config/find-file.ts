import { readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';

const EXTENSIONS = ['ts', 'js', 'mjs', 'cjs', 'json', 'yaml', 'yml'] as const;
const STEMS = ['lb.config', 'ecosystem.config'] as const;
/** Keys of `package.json` that can contain apps. */
export const PACKAGE_KEYS = ['lb', 'pm2'] as const;

/** The target that stands for a config on stdin. */
export const STDIN = '-';

/** Whether a start target is a config file rather than a script, judged by its name. */
export function isConfigFile(target: string): boolean {
  if (target === STDIN) return true;
  const name = basename(target);
  return /\.config\.(?:[cm]?js|[cm]?ts)$/i.test(name) || /\.(?:json|ya?ml)$/i.test(name);
}

/**
 * The config file that `lb start` uses without a target: `lb.config.*`, then `ecosystem.config.*`, then a `package.json` with
 * an `lb` or `pm2` key.
 */
export function findConfigFile(cwd: string): string | undefined {
  const named = STEMS.flatMap((stem) => EXTENSIONS.map((extension) => join(cwd, `${stem}.${extension}`))).find(isFile);
  if (named !== undefined) return named;
  const packageFile = join(cwd, 'package.json');
  return hasApps(packageFile) ? packageFile : undefined;
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

function hasApps(packageFile: string): boolean {
  try {
    const content: unknown = JSON.parse(readFileSync(packageFile, 'utf8'));
    return typeof content === 'object' && content !== null && PACKAGE_KEYS.some((key) => Object.hasOwn(content, key));
  } catch {
    return false;
  }
}
