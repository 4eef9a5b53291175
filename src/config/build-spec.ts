import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LbError, errnoOf, messageOf } from '../errors/lb-error.ts';
import { LOG_PROGRAMS, weightOf, type AppSpec, type ScaleSpec, type WorkerKind } from '../lifecycle/app-spec.ts';
import { scaleCeiling } from '../lifecycle/autoscale.ts';
import { STRATEGIES } from '../lifecycle/balance-strategy.ts';
import { packageOf } from './command/project-files.ts';
import { shownPath, type Program } from './command/resolve-command.ts';
import { typed } from './command/shell-line.ts';
import { declaredDigest } from './declared.ts';
import { parseDotenv, type EnvLayer } from './env-kind.ts';
import { countInstances } from './instances.ts';
import { interpreterOf } from './interpreter-of.ts';
import type { Interpreters } from './interpreter.ts';
import { DEFAULTS, type OptionKey, type Settings } from './options.ts';
import { absolutePath } from './paths.ts';
import { COMMAND_LINE, valueError, type Layer, type Origin } from './read-values.ts';
import { specSettings } from './spec-settings.ts';
import { inheritedEnv, mergeEnv } from './worker-env.ts';

/** A selected app with its script and working directory. */
export interface LocatedApp {
  readonly layer: Layer;
  readonly name: string;
  readonly cwd: string;
  readonly script: string;
  /** The command behind which the script was found; absent for a plain script file. */
  readonly program?: Program;
  readonly command?: string;
}

export interface BuiltSpec {
  readonly spec: AppSpec;
  /** What a command turned out to be: `npm start -> node dist/server.js`; null for a plain script file. */
  readonly note: string | null;
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
  /** The caller's. */
  readonly umask: number;
  readonly interpreters: Interpreters;
}

type PathKey = 'out_file' | 'error_file' | 'env_file' | 'interpreter';

/** Builds the definition of one app from its layers. Adds errors to `problems`; each leaves a gap in the result. */
export async function buildSpec(app: LocatedApp, context: BuildContext, problems: LbError[]): Promise<BuiltSpec> {
  const settings: Settings = { ...DEFAULTS, ...app.layer.values, ...context.environment.values, ...context.flags.values };
  problems.push(...conflicts(app, context, settings));
  const logFile = (key: 'out_file' | 'error_file', suffix: string): string | null => {
    const path = pathOf(key, app, context);
    return path === undefined ? join(context.home, 'logs', `${app.name}-${suffix}.log`) : path;
  };
  const declaredEnv = await declaredEnvOf(app, context, settings, problems);
  const env = mergeEnv([inheritedEnv(context.env), pwdOf(app, context), ...declaredEnv]);
  const { flags, callerCwd, interpreters } = context;
  const interpreting = {
    settings,
    isGiven: flags.values.interpreter !== undefined || app.layer.values.interpreter !== undefined,
    base: flags.values.interpreter === undefined ? app.cwd : callerCwd,
    interpreters,
    nodeOptions: env['NODE_OPTIONS'],
    path: context.env['PATH'] ?? '',
  };
  const { interpreter, nodeArgs } = await interpreterOf(app, interpreting, problems);
  const args = app.program?.args ?? (context.appArgs.length > 0 ? [...context.appArgs] : settings.args);
  const spec: AppSpec = {
    name: app.name,
    origin: { file: context.file, project: (await packageOf(app.cwd))?.name ?? null },
    declared: declaredDigest({ ...declaredValues(app, context), args, env: new Map(declaredEnv.flatMap((layer) => [...layer])) }),
    script: app.script,
    args,
    cwd: app.cwd,
    kind: kindOf(app, context, settings),
    instances: startOf(settings, context),
    interpreter,
    ...specSettings(settings),
    nodeArgs: [...settings.node_args, ...nodeArgs],
    env,
    umask: settings.umask ?? context.umask,
    outFile: logFile('out_file', 'out'),
    errorFile: logFile('error_file', 'error'),
    scale: scaleOf(settings, context),
  };
  const isPlain = app.command === undefined && nodeArgs.length === 0;
  const shown = shownPath(app.script, app.cwd);
  return { spec, note: isPlain ? null : `${app.command ?? shown} -> ${typed(['node', ...nodeArgs, shown, ...args])}` };
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

const isLogProgram = (key: PathKey, given: string): boolean => key !== 'env_file' && LOG_PROGRAMS.some((word) => word === given);

/** Where the effective value was given. */
function originOf(key: OptionKey, app: LocatedApp, flags: Layer): Origin {
  return flags.origins.get(key) ?? app.layer.origins.get(key) ?? { file: COMMAND_LINE, path: key };
}

/** The values that were given, in the words of the definition where a file and a flag could say the same in different ones. */
function declaredValues(app: LocatedApp, context: BuildContext): Readonly<Record<string, unknown>> {
  const { name: _, ...given } = { ...app.layer.values, ...context.environment.values, ...context.flags.values };
  const [out_file, error_file] = [pathOf('out_file', app, context), pathOf('error_file', app, context)];
  return { ...given, script: app.script, cwd: app.cwd, out_file, error_file, env_file: undefined, port: undefined };
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
    app.program?.env ?? none,
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
