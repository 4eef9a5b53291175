import { basename, dirname, relative } from 'node:path';
import { LbError } from '../errors/lb-error.ts';
import { expectedName, normalName } from '../lifecycle/app-name.ts';
import type { AppSpec } from '../lifecycle/app-spec.ts';
import { NO_USERS, type Users } from './app-user.ts';
import { buildSpec, type BuildContext } from './build-spec.ts';
import { dependencyProblems } from './dependencies.ts';
import { describe } from './describe.ts';
import { findConfigFile, isConfigFile, STDIN } from './find-file.ts';
import { Interpreters } from './interpreter.ts';
import { loadConfigFile, parseConfig } from './load-file.ts';
import { locate, type Located, type Wanted } from './locate.ts';
import type { MetricsConfig } from './metrics-key.ts';
import { absolutePath, statOf } from './paths.ts';
import { COMMAND_LINE, readApp, readEnvironment, readFlags, valueError, withDefaults, type Layer } from './read-values.ts';

/** The unchecked command line. */
export interface ResolveRequest {
  /** A script or a config file; undefined to look for a config file in `cwd`. */
  readonly target: string | undefined;
  /** The JSON text of the config, for the target `-`. */
  readonly stdin?: string;
  /** Values by option key, only those given on the command line. */
  readonly flags: Readonly<Record<string, unknown>>;
  /** Arguments after `--`. */
  readonly appArgs: readonly string[];
  /** The caller's environment and directory. */
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  /** Selects `env_<name>` (`--env`). */
  readonly envName?: string;
  /** Selects apps from a config file (`--only`); an item can contain several names, separated by commas. */
  readonly only?: readonly string[];
  /** LB_HOME; default log files are in its `logs`. */
  readonly home: string;
  readonly cpuBudget: number;
  /** `stop_grace` of definitions without one; default: none. */
  readonly stopGraceMs?: number;
  /** The caller's file mode creation mask. */
  readonly umask: number;
  /** The Node.js binary that runs `lb`. */
  readonly node: string;
  /** Default: none that could be looked up. */
  readonly users?: Users;
  /** Of the Node.js that runs the daemon, and with it apps without an `interpreter`: `v22.18.0`; default that of `lb`. */
  readonly nodeVersion?: string;
}

export interface ResolvedApps {
  readonly apps: AppSpec[];
  /** The metrics address of the config file; undefined if it has none. */
  readonly metrics?: MetricsConfig;
  readonly warnings: string[];
  /** What commands turned out to be: `npm start -> node dist/server.js`. */
  readonly notes: string[];
  /** Of the config file, absolute; null for a script, and for a config on stdin. */
  readonly file: string | null;
  /** The names of all its apps, also of those that were not selected. */
  readonly names: readonly string[];
}

/** The source of apps: a config file, or a script on the command line. */
interface Source {
  /** Name for messages. */
  readonly file: string;
  readonly isFile: boolean;
  /** Of the config file, absolute. */
  readonly path: string | null;
  /** Directory that working directories are relative to. */
  readonly base: string;
  readonly apps: readonly { readonly path: string; readonly layer: Layer }[];
  readonly metrics?: MetricsConfig;
  /** Of what all apps have. */
  readonly problems: readonly LbError[];
  readonly warnings: readonly string[];
}

const FROM_STDIN = 'stdin';

interface Candidate extends Located {
  readonly path: string;
  readonly layer: Layer;
  readonly nameInFile: string;
}

/**
 * Resolves a command line and its config file into complete app definitions. Checks everything first. @throws LbError the first
 * problem; its `output` lists the others
 */
export async function resolveApps(request: ResolveRequest): Promise<ResolvedApps> {
  const { problems, ...resolved } = await inspectApps(request);
  throwFirst(problems);
  return resolved;
}

/** Resolves what can be resolved, and finds everything that is wrong. @throws LbError if there is no config file, or it cannot be read */
export async function inspectApps(request: ResolveRequest): Promise<ResolvedApps & { readonly problems: readonly LbError[] }> {
  const source = await readSource(request);
  const flags = readFlags(request.flags);
  const environment = readEnvironment(request.env);
  const problems = [...flags.problems, ...environment.problems, ...source.problems, ...source.apps.flatMap((app) => app.layer.problems)];
  const { isFile, base } = source;
  const { cwd: callerCwd, env, appArgs } = request;
  const candidates = await candidatesOf(source, { flags, isFile, base, callerCwd, env, appArgs });
  problems.push(...duplicates(candidates, source));
  problems.push(...dependencyProblems(candidates, source.file));
  const called = new Map(candidates.map((app) => [app.nameInFile, normalName(withEnvName(app, request).name)]));
  const selected = rename(select(candidates, source, request, problems), flags, problems).map((app) => withEnvName(app, request));
  const context: BuildContext = {
    file: source.path,
    flags,
    environment,
    appArgs: request.appArgs,
    env: request.env,
    envName: request.envName,
    callerCwd: request.cwd,
    home: request.home,
    cpuBudget: request.cpuBudget,
    stopGraceMs: request.stopGraceMs ?? null,
    umask: request.umask,
    interpreters: new Interpreters(request.node, request.env['PATH'], request.nodeVersion),
    users: request.users ?? NO_USERS,
  };
  const apps: AppSpec[] = [];
  const notes: string[] = [];
  const own: string[] = [];
  for (const candidate of selected) {
    problems.push(...(await problemsOf(candidate, flags, source)));
    if (candidate.script === undefined) continue;
    const dependsOn = (candidate.layer.values.depends_on ?? []).flatMap((name) => called.get(name) ?? []);
    const { spec, note, warnings } = await buildSpec({ ...candidate, script: candidate.script, dependsOn }, context, problems);
    apps.push(spec);
    own.push(...warnings);
    if (note !== null) notes.push(note);
  }
  return {
    problems,
    apps,
    ...(source.metrics === undefined ? {} : { metrics: source.metrics }),
    warnings: [...warningsOf(source, selected, request), ...own],
    notes,
    file: source.path,
    names: candidates.map(({ nameInFile }) => nameInFile),
  };
}

/** The names of the apps that a config file defines, whatever else is wrong with them. @throws LbError if it cannot be read */
export async function appNamesIn(request: Pick<ResolveRequest, 'target' | 'stdin' | 'only' | 'env' | 'cwd'>): Promise<string[]> {
  const source = await readSource(request);
  const where = { flags: readFlags({}), isFile: source.isFile, base: source.base, callerCwd: request.cwd, env: request.env, appArgs: [] };
  const candidates = await candidatesOf(source, where);
  const problems: LbError[] = [];
  const selected = select(candidates, source, request, problems);
  throwFirst(problems);
  return selected.map(({ name }) => normalName(name));
}

const candidatesOf = (source: Source, where: Omit<Wanted, 'layer' | 'path'>): Promise<Candidate[]> =>
  Promise.all(
    source.apps.map(async (app): Promise<Candidate> => {
      const located = await locate({ ...app, ...where });
      return { ...app, ...located, nameInFile: normalName(located.name) };
    }),
  );

async function readSource({ target, stdin, cwd }: Pick<ResolveRequest, 'target' | 'stdin' | 'cwd'>): Promise<Source> {
  const wanted = target ?? findConfigFile(cwd);
  if (wanted === undefined) {
    throw new LbError('LB_ERR_USAGE', { problem: `no script given, and no lb.config.* or ecosystem.config.* in ${cwd}` });
  }
  if (!isConfigFile(wanted)) {
    const layer = readApp({ script: wanted }, COMMAND_LINE, '');
    return { file: COMMAND_LINE, isFile: false, path: null, base: cwd, apps: [{ path: '', layer }], problems: [], warnings: [] };
  }
  if (wanted === STDIN) {
    return { isFile: true, path: null, base: cwd, ...ofFile(FROM_STDIN, await parseConfig(stdin ?? '', FROM_STDIN)) };
  }
  const absolute = absolutePath(wanted, cwd);
  const inside = relative(cwd, absolute);
  const file = inside.startsWith('..') ? absolute : inside;
  return { isFile: true, path: absolute, base: dirname(absolute), ...ofFile(file, await loadConfigFile(absolute, file)) };
}

function ofFile(file: string, { apps, defaults, warnings, ...rest }: Awaited<ReturnType<typeof loadConfigFile>>): Omit<Source, 'isFile' | 'path' | 'base'> {
  const ofAll = defaults === undefined ? null : readApp(defaults, file, 'defaults', isOfPm2(file, 'apps'));
  const layers = apps.map(({ path, raw }) => {
    const layer = readApp(raw, file, path, isOfPm2(file, path));
    return { path, layer: ofAll === null ? layer : withDefaults(ofAll, layer) };
  });
  return { file, apps: layers, problems: ofAll?.problems ?? [], warnings: [...warnings, ...(ofAll?.warnings ?? [])], ...rest };
}

/** A file that is not named for `lb`, nor under its key in a `package.json`, may have been written for PM2. */
function isOfPm2(file: string, path: string): boolean {
  const name = basename(file);
  return !name.startsWith('lb.config.') && !(name === 'package.json' && path.startsWith('lb'));
}

const under = (path: string, key: string): string => (path === '' ? key : `${path}.${key}`);

function duplicates(candidates: readonly Candidate[], source: Source): LbError[] {
  const first = new Map<string, string>();
  return candidates.flatMap(({ name, path }) => {
    const earlier = first.get(name);
    if (earlier === undefined) first.set(name, path);
    const origin = { file: source.file, path: under(path, 'name') };
    return earlier === undefined ? [] : [valueError(origin, 'a unique name for every app', `"${name}", the name of ${earlier}`)];
  });
}

function select(candidates: readonly Candidate[], source: Source, { only = [] }: Pick<ResolveRequest, 'only'>, problems: LbError[]): readonly Candidate[] {
  const wanted = new Set(
    only
      .flatMap((names) => names.split(','))
      .map((name) => normalName(name.trim()))
      .filter(Boolean),
  );
  if (wanted.size === 0) return candidates;
  const known = candidates.map(({ name }) => name);
  for (const name of wanted) {
    if (known.includes(name)) continue;
    const expected = `the name of an app in ${source.file} (${known.join(', ')})`;
    problems.push(valueError({ file: COMMAND_LINE, path: '--only' }, expected, describe(name)));
  }
  return candidates.filter(({ name }) => wanted.has(name));
}

/** Applies `--name`, which is valid for a single app only. */
function rename(selected: readonly Candidate[], flags: Layer, problems: LbError[]): readonly Candidate[] {
  const { name } = flags.values;
  if (name === undefined) return selected;
  if (selected.length > 1) {
    const names = selected.map((app) => app.name).join(', ');
    problems.push(valueError({ file: COMMAND_LINE, path: '--name' }, 'one app (select it with --only)', `${selected.length} apps: ${names}`));
  }
  return selected.map((candidate) => ({ ...candidate, name }));
}

/** `append_env_to_name`: `api-staging`. */
function withEnvName(app: Candidate, { envName }: ResolveRequest): Candidate {
  return envName !== undefined && app.layer.values.append_env_to_name === true ? { ...app, name: `${app.name}-${envName}` } : app;
}

async function problemsOf({ path, layer, cwd, script, name, problem, missingTool }: Candidate, flags: Layer, source: Source): Promise<LbError[]> {
  const problems: LbError[] = [];
  const reported = layer.problems.length > 0;
  const origin = (key: string): { file: string; path: string } => ({ file: source.file, path: under(path, key) });
  if ((await statOf(cwd))?.isDirectory() !== true) {
    problems.push(valueError(flags.origins.get('cwd') ?? layer.origins.get('cwd') ?? origin('cwd'), 'an existing directory', cwd));
  } else if (layer.values.script !== undefined) {
    const where = source.isFile ? ` (${source.file}: ${under(path, 'script')})` : '';
    const notFound = (): LbError => new LbError('LB_ERR_SCRIPT_NOT_FOUND', { script: layer.values.script + where, cwd });
    if (missingTool !== undefined)
      problems.push(notFound().advising(`install ${missingTool} in ${cwd} (npm install ${missingTool}), or pass the path of the file that starts your server`));
    else if (script === undefined) problems.push(problem ?? notFound());
  } else if (!reported) {
    problems.push(valueError(origin('script'), 'the path of a script', 'no value'));
  }
  const expected = expectedName(name);
  if (script !== undefined && expected !== undefined && !reported) {
    problems.push(valueError(origin('name'), `${expected} (set one with "name" or -n; the file name is not a valid name)`, describe(name)));
  }
  return problems;
}

function throwFirst(problems: readonly LbError[]): void {
  const [first, ...others] = problems;
  if (first === undefined) return;
  const error = new LbError(first.code, first.details, [...first.output, ...others.map((problem) => problem.message)]);
  throw first.hint === undefined ? error : error.advising(first.hint);
}

function locationWarnings({ path, isLikePm2 = false, inPm2, program }: Candidate, { file }: Source): readonly string[] {
  const own = program?.warnings ?? [];
  if (inPm2 !== undefined)
    return [`${file}: ${under(path, inPm2.key)}: is ${inPm2.here}; PM2, which starts from the current directory, would take ${inPm2.there}`, ...own];
  if (!isLikePm2) return own;
  return [`${file}: ${under(path, 'script')}: found only relative to the current directory; add "cwd" so that the file works from anywhere`, ...own];
}

function warningsOf(source: Source, selected: readonly Candidate[], { envName }: ResolveRequest): string[] {
  const warnings = [...source.warnings, ...selected.flatMap((candidate) => [...candidate.layer.warnings, ...locationWarnings(candidate, source)])];
  if (envName === undefined) return warnings;
  if (!source.isFile) return [...warnings, `--env ${envName} has no effect without a config file: it selects "env_${envName}" there`];
  const without = selected.filter(({ layer }) => !layer.profiles.has(envName)).map(({ name }) => name);
  return without.length === 0 ? warnings : [...warnings, `${source.file}: no "env_${envName}" for ${without.join(', ')}`];
}
