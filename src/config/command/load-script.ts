import { basename, dirname, extname, join } from 'node:path';
import { findPackage, findTool, isFile, linkTarget, packageOf } from './project-files.ts';
import { shownPath } from './resolve-command.ts';
import { isTypeScript, loadingOf, type Loading } from './typescript.ts';
import type { Loader } from './understand.ts';

interface ScriptToLoad {
  readonly script: string;
  readonly cwd: string;
  readonly loader: Loader | null;
  readonly version: string;
  readonly nodeArgs: readonly string[];
  readonly path: string;
}

/** The files that Node.js loads, within their packages. */
const ENTRIES: Readonly<Record<Loader, string>> = { tsx: 'dist/loader.mjs', 'ts-node': 'register/index.js' };
/** Their names, as Node.js resolves them from the working directory. */
const NAMES: Readonly<Record<Loader, string>> = { tsx: 'tsx', 'ts-node': 'ts-node/register' };

/** How Node.js runs this script, with what is installed here. */
export async function loadScript({ script, cwd, loader, version, nodeArgs, path }: ScriptToLoad): Promise<Loading> {
  if (loader === null && !isTypeScript(script)) return { nodeArgs: [] };
  const found = { tsx: await findLoader('tsx', script, cwd, path), 'ts-node': await findLoader('ts-node', script, cwd, path) };
  const isModule = script.endsWith('.mts') || (await packageOf(dirname(script)))?.isModule === true;
  const compiled = await compiledOf(script, cwd);
  return loadingOf({ script: shownPath(script, cwd), loader, version, nodeArgs, found, isModule, compiled });
}

async function findLoader(loader: Loader, script: string, cwd: string, path: string): Promise<string | null> {
  if ((await findPackage(loader, cwd)) !== undefined) return NAMES[loader];
  const near = await findPackage(loader, dirname(script));
  if (near !== undefined) return join(near, ENTRIES[loader]);
  const tool = await findTool(loader, cwd, path);
  const owner = tool === undefined ? undefined : await packageOf(dirname(await linkTarget(tool)));
  const entry = owner?.name === loader ? join(owner.directory, ENTRIES[loader]) : undefined;
  return entry !== undefined && (await isFile(entry)) ? entry : null;
}

/** `dist/app.js` of `src/app.ts`. */
async function compiledOf(script: string, cwd: string): Promise<string | null> {
  const extension = extname(script);
  const within = shownPath(dirname(script), cwd).replace(/^src(?:\/|$)/, '');
  const name = `${basename(script, extension)}${extension.replace(/tsx?$/, 'js')}`;
  for (const output of ['dist', 'build', 'lib', 'out']) {
    const path = join(output, within.startsWith('/') ? '' : within, name);
    if (await isFile(join(cwd, path))) return path;
  }
  return null;
}
