import { basename, dirname, extname } from 'node:path';
import { LbError } from '../errors/lb-error.ts';
import type { EnvLayer } from './env-kind.ts';
import { packageOf } from './command/project-files.ts';
import { externalCommand, type ExternalCommand } from './command/external-command.ts';
import { resolveCommand, type Program, type Resolution, type Surroundings } from './command/resolve-command.ts';
import { readShellLine } from './command/shell-line.ts';
import { absolutePath, statOf } from './paths.ts';
import type { Layer } from './read-values.ts';
import { findScript, nameOfScript } from './script.ts';

/** Where an app's script is, and the command behind which it was found. */
export interface Located {
  readonly name: string;
  readonly cwd: string;
  /** Absent when there is none, or it can't be run. */
  readonly script: string | undefined;
  /** Absent for a plain script file. */
  readonly program?: Program;
  /** A program that runs as it is, without a Node.js script that `lb` sees; and why. */
  readonly external?: ExternalCommand & { readonly reason: string };
  /** The command as it was given; absent for a plain script file. */
  readonly command?: string;
  /** Why the script is absent, if it is known. */
  readonly problem?: LbError;
  /** The program of a package that is not installed, as far as the command tells: `next`, given with arguments. */
  readonly missingTool?: string;
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
const NODE_ALONE = 'lb start <script>, with the script or program that starts your server';

/** What npm could install as a program. */
const TOOL = /^[a-z\d][a-z\d_-]*$/;

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
const needsLook = (script: string): boolean => basename(dirname(script)) === '.bin' || extname(script) === '';

async function asCommand(given: string, file: string | undefined, cwd: string, wanted: Wanted): Promise<Located> {
  const { layer, appArgs } = wanted;
  const args = appArgs.length > 0 ? appArgs : (layer.values.args ?? []);
  const command = [given, ...args].join(' ');
  const resolution = await resolve(given, file, args, cwd, wanted);
  const name = (script: string): string => layer.values.name ?? nameOfScript(script);
  if (resolution === null) return { cwd, script: undefined, name: name(given), ...(await whatIsMissing(given, args, cwd, wanted)) };
  const refused = (reason: string, instead: string | null): Located => {
    const problem = new LbError('LB_ERR_COMMAND', { command, reason, hint: instead ?? NODE_ALONE });
    return { cwd, script: undefined, name: name(given), problem };
  };
  if ('refused' in resolution) return refused(resolution.refused.reason, resolution.refused.instead);
  if ('opaque' in resolution) {
    const { reason, instead } = resolution.opaque;
    const { path, variables } = surroundingsOf(wanted);
    const external = await externalCommand({ line: given, file, args, cwd, path, variables });
    if (external === null) return refused(`${reason}, and there is no program that runs it`, instead);
    const why = instead === null ? reason : `${reason} (as a Node.js app: ${instead})`;
    return { cwd, script: external.script, name: name(file ?? firstWord(given)), external: { ...external, reason: why }, command };
  }
  const { program } = resolution;
  const isPlain = program.script === file && program.loader === null && program.nodeArgs.length === 0;
  if (isPlain) return { cwd, script: file, name: name(file) };
  return { cwd: program.cwd, script: program.script, name: layer.values.name ?? program.name ?? nameOfScript(program.script), program, command };
}

async function whatIsMissing(given: string, args: readonly string[], cwd: string, wanted: Wanted): Promise<Pick<Located, 'problem' | 'missingTool'>> {
  if (await isDirectory(given, cwd, wanted)) return { problem: new LbError('LB_ERR_SCRIPT_NOT_FOUND', { script: `${given} ${MISSING_IN_DIRECTORY}`, cwd }) };
  return args.length > 0 && TOOL.test(given) ? { missingTool: given } : {};
}

async function resolve(given: string, file: string | undefined, args: readonly string[], cwd: string, wanted: Wanted): Promise<Resolution> {
  const surroundings = surroundingsOf(wanted);
  if (file !== undefined) return resolveCommand([file, ...args], cwd, surroundings);
  if (await isDirectory(given, cwd, wanted)) {
    const directory = directoryOf(given, cwd, wanted);
    const isStartable = (await packageOf(directory))?.scripts.has('start') === true;
    return isStartable ? resolveCommand(['npm', 'start', '--', ...args], directory, surroundings) : null;
  }
  const line = readShellLine(given, surroundings.variables);
  if ('operator' in line) return /\s/.test(given) ? { opaque: { reason: `it needs a shell (${line.operator})`, instead: null } } : null;
  return resolveCommand([...[...line.env].map(([key, value]) => `${key}=${value}`), ...line.words, ...args], cwd, surroundings);
}

const firstWord = (line: string): string => line.trim().split(/\s/, 1)[0] ?? line;

function surroundingsOf({ env, layer, flags }: Wanted): Surroundings {
  const port = flags.values.port ?? layer.values.port;
  const own = new Map<string, string | null>([
    ...(layer.values.env ?? new Map<string, string>()),
    ...(port === undefined ? [] : [['PORT', String(port)] as const]),
  ]);
  return { variables: (name) => variable(name, own, env), path: env['PATH'] ?? '' };
}

const directoryOf = (given: string, cwd: string, { isFile, callerCwd }: Wanted): string => absolutePath(given, isFile ? cwd : callerCwd);

const isDirectory = async (given: string, cwd: string, wanted: Wanted): Promise<boolean> =>
  (await statOf(directoryOf(given, cwd, wanted)))?.isDirectory() === true;

function variable(name: string, own: EnvLayer, inherited: NodeJS.ProcessEnv): string | undefined {
  const value = own.get(name);
  return value === undefined ? inherited[name] : (value ?? undefined);
}
