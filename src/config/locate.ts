import { basename, dirname, extname } from 'node:path';
import { LbError } from '../errors/lb-error.ts';
import type { EnvLayer } from './env-kind.ts';
import { packageOf } from './command/project-files.ts';
import { resolveCommand, type Program, type Resolution } from './command/resolve-command.ts';
import { readShellLine } from './command/shell-line.ts';
import { absolutePath, statOf } from './paths.ts';
import type { Layer } from './read-values.ts';
import { findScript, foreignInterpreter, nameOfScript } from './script.ts';

/** Where an app's script is, and the command behind which it was found. */
export interface Located {
  readonly name: string;
  readonly cwd: string;
  /** Absent when there is none, or it can't be run. */
  readonly script: string | undefined;
  /** Absent for a plain script file. */
  readonly program?: Program;
  /** The command as it was given; absent for a plain script file. */
  readonly command?: string;
  /** Why the script is absent, if it is known. */
  readonly problem?: LbError;
  /** It was found relative to the caller's directory only, as PM2 finds it. */
  readonly isLikePm2?: boolean;
  /** PM2 would take something else, because it starts from the caller's directory. */
  readonly inPm2?: { readonly key: 'script' | 'cwd'; readonly here: string; readonly there: string };
}

export interface Wanted {
  readonly layer: Layer;
  readonly flags: Layer;
  /** Named for messages, and as the name of an app without a script. */
  readonly path: string;
  readonly isFile: boolean;
  /** Where relative working directories start from. */
  readonly base: string;
  readonly callerCwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly appArgs: readonly string[];
}

/** For a command to which there is no better one. */
const NODE_ALONE = 'lb start <script>, with the Node.js script that starts your server; running other programs is not supported yet';

/** What a directory lacks that cannot be started. */
const MISSING_IN_DIRECTORY = '(a directory without an index.js, and without a "main" file or a "start" script in its package.json)';

/** Finds the script of an app: a file, a directory, or the Node.js script behind a command such as `npm start`. */
export async function locate(wanted: Wanted): Promise<Located> {
  const { layer, flags, base, callerCwd } = wanted;
  const cwd = flags.values.cwd !== undefined ? absolutePath(flags.values.cwd, callerCwd) : absolutePath(layer.values.cwd ?? '.', base);
  const { script: given } = layer.values;
  if (given === undefined) return { cwd, script: undefined, name: layer.values.name ?? nameOfScript(wanted.path) };
  const found = await findFile(given, cwd, wanted);
  if (found !== undefined && !needsLook(found.script))
    return { ...found, ...(await elsewhereInPm2(found.script, wanted)), name: layer.values.name ?? nameOfScript(found.script) };
  return asCommand(given, found?.script, cwd, wanted);
}

async function findFile(given: string, cwd: string, { isFile, callerCwd, layer, flags }: Wanted): Promise<(Located & { script: string }) | undefined> {
  // On the command line, the script is relative to the caller's directory; PM2 looks in --cwd.
  const script = (isFile ? undefined : await findScript(given, callerCwd)) ?? (await findScript(given, cwd));
  if (script !== undefined) return { cwd, script, name: '' };
  if (!isFile || layer.values.cwd !== undefined || flags.values.cwd !== undefined) return undefined;
  // PM2 resolves it against the current directory; existing files in subfolders rely on that.
  const asInPm2 = await findScript(given, callerCwd);
  return asInPm2 === undefined ? undefined : { cwd: callerCwd, script: asInPm2, name: '', isLikePm2: true };
}

/** Whether PM2 would find another script, or another directory, for the same words. */
async function elsewhereInPm2(script: string, { layer, flags, isFile, base, callerCwd }: Wanted): Promise<Pick<Located, 'inPm2'>> {
  const { script: given, cwd } = layer.values;
  if (!isFile || given === undefined || flags.values.cwd !== undefined || base === callerCwd) return {};
  const there = absolutePath(cwd ?? '.', callerCwd);
  const inPm2 = await findScript(given, there);
  if (inPm2 !== undefined && inPm2 !== script) return { inPm2: { key: 'script', here: script, there: inPm2 } };
  const here = absolutePath(cwd ?? '.', base);
  const isOther = cwd !== undefined && there !== here && (await statOf(there))?.isDirectory() === true;
  return isOther ? { inPm2: { key: 'cwd', here, there } } : {};
}

/** Files of `node_modules/.bin` and files without an extension may be anything. */
const needsLook = (script: string): boolean => basename(dirname(script)) === '.bin' || (extname(script) === '' && foreignInterpreter(script) === undefined);

async function asCommand(given: string, file: string | undefined, cwd: string, wanted: Wanted): Promise<Located> {
  const { layer, appArgs } = wanted;
  const args = appArgs.length > 0 ? appArgs : (layer.values.args ?? []);
  const command = [given, ...args].join(' ');
  const resolution = await resolve(given, file, args, cwd, wanted);
  const name = (script: string): string => layer.values.name ?? nameOfScript(script);
  if (resolution === null) {
    const problem = (await isDirectory(given, cwd, wanted))
      ? { problem: new LbError('LB_ERR_SCRIPT_NOT_FOUND', { script: `${given} ${MISSING_IN_DIRECTORY}`, cwd }) }
      : {};
    return { cwd, script: undefined, name: name(given), ...problem };
  }
  if ('refused' in resolution) {
    const { reason, instead } = resolution.refused;
    const details = { command, reason, hint: instead ?? NODE_ALONE };
    return { cwd, script: undefined, name: name(given), problem: new LbError('LB_ERR_COMMAND', details) };
  }
  const { program } = resolution;
  const isPlain = program.script === file && program.loader === null && program.nodeArgs.length === 0;
  if (isPlain) return { cwd, script: file, name: name(file) };
  return { cwd: program.cwd, script: program.script, name: layer.values.name ?? program.name ?? nameOfScript(program.script), program, command };
}

async function resolve(given: string, file: string | undefined, args: readonly string[], cwd: string, wanted: Wanted): Promise<Resolution> {
  const { env, layer, flags } = wanted;
  const port = flags.values.port ?? layer.values.port;
  const own = new Map<string, string | null>([
    ...(layer.values.env ?? new Map<string, string>()),
    ...(port === undefined ? [] : [['PORT', String(port)] as const]),
  ]);
  const surroundings = { variables: (name: string) => variable(name, own, env), path: env['PATH'] ?? '' };
  if (file !== undefined) return resolveCommand([file, ...args], cwd, surroundings);
  if (await isDirectory(given, cwd, wanted)) {
    const directory = directoryOf(given, cwd, wanted);
    const isStartable = (await packageOf(directory))?.scripts.has('start') === true;
    return isStartable ? resolveCommand(['npm', 'start', '--', ...args], directory, surroundings) : null;
  }
  const line = readShellLine(given, surroundings.variables);
  if ('operator' in line) return /\s/.test(given) ? { refused: { reason: `it needs a shell (${line.operator})`, instead: null } } : null;
  return resolveCommand([...[...line.env].map(([key, value]) => `${key}=${value}`), ...line.words, ...args], cwd, surroundings);
}

const directoryOf = (given: string, cwd: string, { isFile, callerCwd }: Wanted): string => absolutePath(given, isFile ? cwd : callerCwd);

const isDirectory = async (given: string, cwd: string, wanted: Wanted): Promise<boolean> =>
  (await statOf(directoryOf(given, cwd, wanted)))?.isDirectory() === true;

function variable(name: string, own: EnvLayer, inherited: NodeJS.ProcessEnv): string | undefined {
  const value = own.get(name);
  return value === undefined ? inherited[name] : (value ?? undefined);
}
