import { readFile } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { normalName } from '../lifecycle/app-name.ts';
import { isObject } from './kind.ts';
import { absolutePath, statOf } from './paths.ts';

const EXTENSIONS = ['', '.js', '.mjs', '.cjs', '.ts'] as const;

/** Resolves a script like Node.js resolves a main module (also `.mjs`, `.cjs`, `.ts`); undefined if there is no such file. */
export async function findScript(script: string, cwd: string): Promise<string | undefined> {
  const path = absolutePath(script, cwd);
  return (await findFile(path)) ?? (await findInDirectory(path));
}

async function findFile(path: string): Promise<string | undefined> {
  for (const extension of EXTENSIONS) {
    const stats = await statOf(path + extension);
    if (stats !== undefined && !stats.isDirectory()) return path + extension;
  }
  return undefined;
}

async function findInDirectory(path: string): Promise<string | undefined> {
  if ((await statOf(path))?.isDirectory() !== true) return undefined;
  const main = await mainOf(join(path, 'package.json'));
  if (main !== undefined) {
    const file = (await findFile(join(path, main))) ?? (await findFile(join(path, main, 'index')));
    if (file !== undefined) return file;
  }
  return findFile(join(path, 'index'));
}

async function mainOf(packageFile: string): Promise<string | undefined> {
  try {
    const content: unknown = JSON.parse(await readFile(packageFile, 'utf8'));
    const main = isObject(content) ? content['main'] : undefined;
    return typeof main === 'string' && main !== '' ? main : undefined;
  } catch {
    return undefined;
  }
}

/** The default name of an app: its script's file name without the extension. */
export const nameOfScript = (script: string): string => normalName(basename(script, extname(script)));

/** As in PM2. Of several the first one that is there. */
const FOREIGN: Readonly<Record<string, readonly string[]>> = {
  '.py': ['python3', 'python'],
  '.sh': ['bash', 'sh'],
  '.rb': ['ruby'],
  '.pl': ['perl'],
  '.php': ['php'],
  '.coffee': ['coffee'],
  '.ls': ['lsc'],
};

/** The interpreters that can run a script in another language, by its extension; none for Node.js. */
export const foreignInterpreters = (script: string): readonly string[] => FOREIGN[extname(script).toLowerCase()] ?? [];
