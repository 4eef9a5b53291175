import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LbError, errnoOf, messageOf } from '../errors/lb-error.ts';
import { fileNameOf } from '../lifecycle/app-name.ts';
import { LOG_PROGRAMS, weightOf, type AppSpec, type Declared, type ScaleSpec, type WorkerKind } from '../lifecycle/app-spec.ts';
import { copiesWarning } from '../lifecycle/copies.ts';
import { scaleCeiling } from '../lifecycle/autoscale.ts';
import { STRATEGIES } from '../lifecycle/balance-strategy.ts';
import { graceWarning } from '../lifecycle/stop-ladder.ts';
import { packageOf } from './command/project-files.ts';
import type { ExternalCommand } from './command/external-command.ts';
import { shownPath, type Program } from './command/resolve-command.ts';
import { typed } from './command/shell-line.ts';
import { digestOf } from './declared.ts';
import { parseDotenv, type EnvLayer } from './env-kind.ts';
import { appUser, isUserProblem, variablesOf, type Users } from './app-user.ts';
import { countInstances } from './instances.ts';
import { scheduleProblem } from './schedule-problem.ts';
import { interpreterOf } from './interpreter-of.ts';
import type { Interpreters } from './interpreter.ts';
import { DEFAULTS, type OptionKey, type Settings } from './options.ts';
import { absolutePath } from './paths.ts';
import { COMMAND_LINE, valueError, type Layer, type Origin } from './read-values.ts';
import { optionsOfKind } from './options-of-kind.ts';
import { readyWhenOf } from './ready-when.ts';
import { specSettings } from './spec-settings.ts';
import { inheritedEnv, mergeEnv, withoutFiltered } from './worker-env.ts';

/** A selected app with its script and working directory. */
export interface LocatedApp {
  readonly layer: Layer;
  readonly name: string;
  /** Its name in the config file. */
  readonly nameInFile: string;
  /** The names of the apps on which it depends, as they are called by now. */
  readonly dependsOn: readonly string[];
  readonly cwd: string;
  readonly script: string;
  /** The command behind which the script was found; absent for a plain script file. */
  readonly program?: Program;
  readonly external?: ExternalCommand & { readonly reason: string };
  readonly command?: string;
}

export interface BuiltSpec {
  readonly spec: AppSpec;
  /** What a command turned out to be: `npm start -> node dist/server.js`; null for a plain script file. */
  readonly note: string | null;
  readonly warnings: readonly string[];
}

/** What all apps of one command share. */
export interface BuildContext {
  /** The config file; null for a script on the command line. */
  readonly file: string | null;
  readonly flags: Layer;
  readonly environment: Layer;
  readonly appArgs: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly envName: string | undefined;
  readonly callerCwd: string;
  readonly home: string;
  readonly cpuBudget: number;
  /** `stop_grace` of definitions without one; null for none. */
  readonly stopGraceMs: number | null;
  /** The caller's. */
  readonly umask: number;
  readonly interpreters: Interpreters;
  readonly users: Users;
}

const SOURCE_MAPS = '--enable-source-maps';

type PathKey = 'out_file' | 'error_file' | 'pid_file' | 'env_file' | 'interpreter';

/** Builds the definition of one app from its layers. Adds errors to `problems`; each leaves a gap in the result. */
export async function buildSpec(app: LocatedApp, context: BuildContext, problems: LbError[]): Promise<BuiltSpec> {
  const settings: Settings = { ...DEFAULTS, ...app.layer.values, ...context.environment.values, ...context.flags.values };
  problems.push(...conflicts(app, context, settings));
  const schedule = await scheduleProblem(settings);
  if (schedule !== null) problems.push(valueError(originOf(schedule.key, app, context.flags), schedule.expected, schedule.got));
  const asked = appUser(settings, context.users);
  const user = isUserProblem(asked) ? null : asked;
  if (isUserProblem(asked)) problems.push(valueError(originOf(asked.key, app, context.flags), asked.expected, asked.got));
  const home = user === null ? context.home : context.users.homeOf(user.uid);
  const logFile = (key: 'out_file' | 'error_file', suffix: string): string | null => {
    const path = settings.disable_logs ? null : pathOf(key, app, context);
    return path === undefined ? join(home, 'logs', `${fileNameOf(app.name)}-${suffix}.log`) : path;
  };
  const declaredEnv = await declaredEnvOf(app, context, settings, problems);
  const env = mergeEnv([withoutFiltered(inheritedEnv(context.env), settings.filter_env), pwdOf(app, context), variablesOf(user), ...declaredEnv]);
  const program = await programOf(app, context, settings, env, problems);
  const { flags } = context;
  const readyWhen = readyWhenOf(settings, app.cwd, env);
  if (readyWhen === undefined)
    problems.push(valueError(originOf('ready_when', app, flags), 'a path with a port: { path, port }, or the option port, or PORT', 'no port'));
  const spec: AppSpec = {
    name: app.name,
    origin: { file: context.file, project: (await packageOf(app.cwd))?.name ?? null, name: app.nameInFile },
    declared: declaredOf(app, context, { settings, program, env: new Map(declaredEnv.flatMap((layer) => [...layer])) }),
    script: app.script,
    cwd: app.cwd,
    instances: startOf(settings, context),
    ...specSettings(settings),
    ...program,
    readyWhen: readyWhen ?? null,
    dependsOn: app.dependsOn,
    env,
    user,
    umask: settings.umask ?? context.umask,
    outFile: logFile('out_file', 'out'),
    errorFile: logFile('error_file', 'error'),
    logFile: combinedOf(app, { ...context, home }, settings),
    pidFile: pathOf('pid_file', app, context) ?? null,
    scale: scaleOf(settings, context),
    watch: watchOf(app, context, settings),
  };
  const isGiven = (key: OptionKey): boolean => [flags, app.layer].some(({ values }) => values[key] !== undefined);
  const { problems: misplaced, warnings } = optionsOfKind(spec.kind, {
    name: app.name,
    settings,
    isGiven,
    originOf: (key) => originOf(key, app, flags),
    hasRunner: spec.runner.length > 0,
    port: env['PORT'],
  });
  problems.push(...misplaced, ...uncounted(spec, () => originOf('increment_var', app, flags)));
  const copies = spec.kind === 'command' ? copiesWarning(spec, spec.instances) : null;
  const short = isGiven('kill_timeout') ? graceWarning({ ...spec, stopGraceMs: spec.stopGraceMs ?? context.stopGraceMs }) : null;
  const own = [copies, short].flatMap((warning) => (warning === null ? [] : [`${app.name}: ${warning}`]));
  return { spec, note: noteOf(app, spec, settings), warnings: [...warnings, ...own] };
}

/** What runs, and how. */
async function programOf(
  app: LocatedApp,
  context: BuildContext,
  settings: Settings,
  env: AppSpec['env'],
  problems: LbError[],
): Promise<Pick<AppSpec, 'kind' | 'runner' | 'args' | 'interpreter' | 'nodeArgs'>> {
  const { flags, callerCwd, interpreters, appArgs } = context;
  const interpreting = {
    settings,
    isGiven: flags.values.interpreter !== undefined || app.layer.values.interpreter !== undefined,
    base: flags.values.interpreter === undefined ? app.cwd : callerCwd,
    interpreters,
    nodeOptions: env['NODE_OPTIONS'],
    path: context.env['PATH'] ?? '',
  };
  const interpreted = await interpreterOf(app, interpreting, problems);
  const args = app.external?.args ?? app.program?.args ?? (appArgs.length > 0 ? [...appArgs] : settings.args);
  if (interpreted.by === 'runner') return { kind: 'command', runner: interpreted.runner, args, interpreter: null, nodeArgs: [] };
  const { interpreter, nodeArgs } = interpreted;
  return { kind: kindOf(app, context, settings), runner: [], args, interpreter, nodeArgs: [...sourceMaps(settings), ...settings.node_args, ...nodeArgs] };
}

function uncounted({ incrementVar, env }: AppSpec, origin: () => Origin): LbError[] {
  if (incrementVar === null || /^\d+$/.test(env[incrementVar] ?? '')) return [];
  return [valueError(origin(), 'a variable with a whole number', `${incrementVar}=${env[incrementVar] ?? ''}`)];
}

/** What a command turned out to be. */
function noteOf({ command, external }: LocatedApp, { kind, runner, nodeArgs, script, args, cwd }: AppSpec, settings: Settings): string | null {
  const shown = shownPath(script, cwd);
  if (kind !== 'command') {
    const own = nodeArgs.slice(sourceMaps(settings).length + settings.node_args.length);
    return command === undefined && own.length === 0 ? null : `${command ?? shown} -> ${typed(['node', ...own, shown, ...args])}`;
  }
  const why = external === undefined ? '' : `: ${external.reason}`;
  return `${command ?? shown} runs as a command, ${typed([...runner, shown, ...args])}${why}`;
}

/** Options that contradict each other, reported where they were given. */
function conflicts(app: LocatedApp, context: BuildContext, settings: Settings): LbError[] {
  const { flags } = context;
  const { balance, weights, max_conns, slow_start, proxy_protocol } = settings;
  const found: LbError[] = [];
  const wrong = (key: OptionKey, expected: string, got: unknown): void => void found.push(valueError(originOf(key, app, flags), expected, JSON.stringify(got)));
  const slots = scaleOf(settings, context)?.min ?? countInstances(settings.instances, context.cpuBudget);
  if (Array.from({ length: slots }, (_, slot) => weightOf(weights, slot)).every((weight) => weight === 0))
    wrong('weights', 'a weight above 0 for at least one slot', weights);
  if (STRATEGIES[balance].accepts !== 'workers') return found;
  const nothing = `nothing with balance: "${balance}", where the workers accept for themselves`;
  if (max_conns !== null) wrong('max_conns', nothing, max_conns);
  if (slow_start !== 0) wrong('slow_start', nothing, slow_start);
  if (proxy_protocol !== undefined && proxy_protocol !== null) wrong('proxy_protocol', nothing, proxy_protocol);
  if (weights.some((weight) => weight !== 0 && weight !== 1)) wrong('weights', `0 and 1 only with balance: "${balance}"`, weights);
  return found;
}

function scaleOf({ scale }: Settings, { cpuBudget }: BuildContext): ScaleSpec | null {
  if (scale === null) return null;
  const { min, target, up_cooldown, down_cooldown } = scale;
  const max = Math.max(min, countInstances(scale.max, cpuBudget));
  return { on: true, min, max, target, upCooldownMs: up_cooldown, downCooldownMs: down_cooldown };
}

function combinedOf(app: LocatedApp, { flags, callerCwd, home }: BuildContext, { log_file, disable_logs }: Settings): string | null {
  if (log_file === null || disable_logs) return null;
  if (log_file === true) return join(home, 'logs', `${fileNameOf(app.name)}.log`);
  return absolutePath(log_file, flags.values.log_file === undefined ? app.cwd : callerCwd);
}

const sourceMaps = (settings: Settings): readonly string[] =>
  settings.source_map_support && !settings.disable_source_map_support && !settings.node_args.includes(SOURCE_MAPS) ? [SOURCE_MAPS] : [];

function watchOf(app: LocatedApp, { flags, callerCwd }: BuildContext, { watch, ignore_watch, watch_delay, watch_options = {} }: Settings): AppSpec['watch'] {
  if (watch === null) return null;
  const base = flags.values.watch === undefined ? app.cwd : callerCwd;
  const paths = watch.length === 0 ? [app.cwd] : watch.map((path) => absolutePath(path, base));
  return { paths, ignore: ignore_watch, delayMs: watch_delay, options: watch_options };
}

/** A number of workers asks for a cluster. */
function kindOf(app: LocatedApp, { flags }: BuildContext, { exec_mode, scale }: Settings): WorkerKind {
  if (exec_mode !== undefined) return exec_mode.startsWith('fork') ? 'plain' : 'cluster';
  const isCounted = [flags, app.layer].some(({ values }) => values.instances !== undefined) || scale !== null;
  return isCounted ? 'cluster' : 'plain';
}

/** Number of workers at the start, within the bounds of autoscaling. */
function startOf(settings: Settings, context: BuildContext): number {
  const count = countInstances(settings.instances, context.cpuBudget);
  const scale = scaleOf(settings, context);
  return scale === null ? count : Math.min(scaleCeiling(scale, context.cpuBudget), Math.max(scale.min, count));
}

/** Makes a path option absolute: a flag is relative to the caller, a value in a file to the app's working directory. */
function pathOf(key: Exclude<PathKey, 'interpreter'>, app: LocatedApp, { flags, callerCwd }: BuildContext): string | null | undefined {
  const asFlag = flags.values[key];
  const given = asFlag === undefined ? app.layer.values[key] : asFlag;
  if (typeof given !== 'string' || isLogProgram(key, given)) return given;
  return absolutePath(given, asFlag === undefined ? app.cwd : callerCwd);
}

const isLogProgram = (key: PathKey, given: string): boolean => (key === 'out_file' || key === 'error_file') && LOG_PROGRAMS.some((word) => word === given);

/** Where the effective value was given. */
function originOf(key: OptionKey, app: LocatedApp, flags: Layer): Origin {
  return flags.origins.get(key) ?? app.layer.origins.get(key) ?? { file: COMMAND_LINE, path: key };
}

interface Meant {
  readonly settings: Settings;
  readonly program: Pick<AppSpec, 'kind' | 'args'>;
  readonly env: EnvLayer;
}

/** The values that were given, in the words of the definition where a file and a flag could say the same in different ones. */
function declaredOf(app: LocatedApp, context: BuildContext, { settings, program, env }: Meant): Declared {
  const { name: _, instances, ...given } = { ...app.layer.values, ...context.environment.values, ...context.flags.values };
  const [out_file, error_file] = [pathOf('out_file', app, context), pathOf('error_file', app, context)];
  const { kind, args } = program;
  const values = { ...given, script: app.script, cwd: app.cwd, out_file, error_file, env_file: undefined, port: undefined, kind, args, env };
  return {
    digest: digestOf(values),
    instances: instances === undefined ? null : startOf(settings, context),
    env: [...env.keys()].sort(),
    umask: settings.umask !== undefined,
  };
}

/** Like `cd` in a shell. Programs that trust PWD would otherwise see the caller's directory. */
const pwdOf = (app: LocatedApp, { env }: BuildContext): EnvLayer => new Map(env['PWD'] === undefined ? [] : [['PWD', app.cwd]]);

/** What the definition itself says of the environment, lowest first. */
async function declaredEnvOf(app: LocatedApp, context: BuildContext, settings: Settings, problems: LbError[]): Promise<readonly EnvLayer[]> {
  const none: EnvLayer = new Map();
  const profile = context.envName === undefined ? undefined : app.layer.profiles.get(context.envName);
  return [
    await envFileOf(app, context, problems),
    settings.env ?? none,
    profile ?? none,
    app.program?.env ?? app.external?.env ?? none,
    settings.port === undefined ? none : new Map([['PORT', String(settings.port)]]),
  ];
}

async function envFileOf(app: LocatedApp, context: BuildContext, problems: LbError[]): Promise<EnvLayer> {
  const file = pathOf('env_file', app, context);
  if (typeof file !== 'string') return new Map();
  const wrong = (got: string): EnvLayer => {
    problems.push(valueError(originOf('env_file', app, context.flags), 'a readable dotenv file', got));
    return new Map();
  };
  try {
    const text = await readFile(file, 'utf8');
    return text.includes('\0') ? wrong(`${file} (not a text file)`) : parseDotenv(text);
  } catch (error) {
    return wrong(`${file} (${errnoOf(error) === 'ENOENT' ? 'no such file' : messageOf(error)})`);
  }
}
