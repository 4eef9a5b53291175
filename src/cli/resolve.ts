import { statSync } from 'node:fs';
import { dirname, isAbsolute, resolve } from 'node:path';
import { getHeapStatistics } from 'node:v8';
import { connectIfRunning } from '../client/connect.ts';
import type { Channel } from '../client/request.ts';
import { appNamesIn, isConfigFile, resolveApps, STDIN, type ResolveRequest } from '../config/index.ts';
import type { Users } from '../config/app-user.ts';
import { asConfigError, type MetricsConfig } from '../config/metrics-key.ts';
import { LbError } from '../errors/lb-error.ts';
import type { AppSpec } from '../lifecycle/app-spec.ts';
import { definedHeapLimit, heapWarning } from '../lifecycle/heap-limit.ts';
import { FOREGROUND_GRACE_MS } from '../lifecycle/stop-ladder.ts';
import type { DaemonHello, MetricsBody } from '../protocol/control.ts';
import { cpuBudget } from '../system/cpu-budget.ts';
import { pathsOfUser } from '../system/user-folder.ts';
import { groupNamed, userNamed } from '../system/named-users.ts';
import { ownUmask } from '../system/umask.ts';
import { GLOBAL_KEYS, type OptionDef } from './command.ts';
import type { Context } from './context.ts';
import { existingDirectory, type Io } from './io.ts';
import { PM2_KEYS } from './pm2-habits.ts';

export const ONLY_OPTION: OptionDef = { flags: '--only <names>', description: 'only these apps of the config file, comma-separated' };

/** Flags that select from a config file. */
export const CONFIG_OPTIONS: readonly OptionDef[] = [
  { flags: '--env <name>', description: 'add the variables in env_<name> of the config file', key: 'envName' },
  ONLY_OPTION,
];

/** The selection flags that were given, as text. */
function configFlags({ options }: Context): string[] {
  const given = [
    ['--env', options['envName']],
    ['--only', options['only']],
  ] as const;
  return given.flatMap(([flag, value]) => (typeof value === 'string' ? [`${flag} ${value}`] : []));
}

/** A command line for a config file that repeats the given selection flags. */
export function commandForFile(context: Context, command: string, file: string): string {
  return ['lb', command, file, ...configFlags(context)].join(' ');
}

/** Refuses `--env` and `--only` for targets that are not config files. @throws LbError LB_ERR_USAGE when `--env` or `--only` was given */
export function refuseConfigFlags(context: Context, command: string, target: string): void {
  const flags = configFlags(context);
  if (flags.length === 0) return;
  const example = commandForFile(context, command, 'lb.config.js');
  const problem = `"${target}" is not a config file; --env and --only need one as the target, as in "${example}"`;
  throw new LbError('LB_ERR_USAGE', { problem });
}

/** Flags of the command itself, not settings of an app. */
const COMMAND_KEYS = new Set(['json', 'envName', 'only', 'daemon', 'updateEnv', 'reload', 'attach', ...GLOBAL_KEYS, ...PM2_KEYS]);

/** The definitions that a target resolves to. */
export interface Resolved {
  readonly apps: AppSpec[];
  /** The `metrics` key of the config file; null if there is none. */
  readonly metrics: MetricsConfig | null;
  /** The config file, absolute; null for a script, and for a config on stdin. */
  readonly file: string | null;
  /** The names of all apps in the file, also of those that were not selected. */
  readonly names: readonly string[];
}

/**
 * Resolves a script or a config file, with the flags applied, into definitions; without a target, the config file of the
 * current directory. Warnings go to stderr.
 */
export async function resolveTarget(context: Context, target: string | undefined, flags: Readonly<Record<string, unknown>>): Promise<Resolved> {
  const { options, command } = context;
  const isForeground = command === 'run' || options['daemon'] === false;
  const daemon = isForeground ? null : await helloOf(context);
  const { apps, metrics, warnings, notes, file, names } = await resolveApps({
    ...(await requestFor(context, target)),
    flags,
    ...(isForeground ? { stopGraceMs: FOREGROUND_GRACE_MS } : {}),
    ...(daemon === null ? {} : { home: daemon.home, nodeVersion: `v${daemon.node}`, users: usersOf(daemon.home) }),
  });
  if (daemon !== null) noteOtherNode(context, apps, `v${daemon.node}`);
  const heapWarnings = apps.flatMap((app) => heapWarning(app, definedHeapLimit(app) ?? defaultHeapLimit(app, daemon)) ?? []);
  for (const warning of [...warnings, ...heapWarnings]) context.note(`${context.errStyle('yellow', 'warning:')} ${warning}`);
  for (const note of notes) context.note(note);
  return { apps, metrics: metrics ?? null, file, names };
}

/** What this command line and its surroundings say of a target, for a home without a daemon. */
export async function requestFor({ io, options, appArgs, home }: Context, target: string | undefined): Promise<ResolveRequest> {
  const { envName, only } = options;
  return {
    target,
    ...(await contentOf(io, target)),
    flags: {},
    appArgs,
    env: io.env,
    cwd: directoryFor(target, io),
    ...(typeof envName === 'string' ? { envName } : {}),
    ...(typeof only === 'string' ? { only: [only] } : {}),
    home,
    cpuBudget: cpuBudget(),
    umask: ownUmask(),
    node: process.execPath,
    users: usersOf(home),
  };
}

const usersOf = (home: string): Users => ({
  own: { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 },
  user: (wanted) => userNamed(String(wanted)),
  group: (wanted) => groupNamed(wanted)?.gid ?? null,
  homeOf: (uid) => pathsOfUser(home, uid).home,
});

/** A config file with an absolute path needs no current directory. */
function directoryFor(target: string | undefined, io: Io): string {
  return target !== undefined && isAbsolute(target) && isConfigFile(target) ? (existingDirectory(io) ?? dirname(target)) : io.cwd;
}

function noteOtherNode({ note }: Context, apps: readonly AppSpec[], version: string): void {
  if (version === process.version || apps.every(({ interpreter }) => interpreter !== null)) return;
  note(
    `apps without "interpreter" run with the Node.js of the daemon, ${version}, not with that of this command, ${process.version}; "lb kill" and the next "lb start" change it`,
  );
}

/** The daemon that will run the apps, with its Node.js and in its home; null if it is yet to be started. */
async function helloOf({ address }: Context): Promise<DaemonHello | null> {
  const connection = await connectIfRunning(address);
  connection?.channel.close();
  return connection?.hello ?? null;
}

/** V8's default limit depends on the machine and on the version of Node.js; null if the app runs with another version than this command. */
function defaultHeapLimit({ interpreter }: AppSpec, daemon: DaemonHello | null): number | null {
  const isLimited = definedHeapLimit({ nodeArgs: process.execArgv, env: { NODE_OPTIONS: process.env['NODE_OPTIONS'] ?? '' } }) !== null;
  const isThisNode = interpreter === null ? daemon === null || `v${daemon.node}` === process.version : interpreter === process.execPath;
  return isThisNode && !isLimited ? getHeapStatistics().heap_size_limit : null;
}

/** Called before any app is started, so that an address in use is reported first. */
export async function applyMetrics(channel: Channel, metrics: MetricsConfig | null): Promise<void> {
  if (metrics === null) return;
  const body: MetricsBody = { listen: metrics.listen, hosts: metrics.hosts };
  await channel.json('/v1/metrics', { method: 'POST', body }).catch((error: unknown) => {
    throw asConfigError(error, metrics);
  });
}

/** The flags that are settings of an app. */
export function appFlags(context: Context): Record<string, unknown> {
  return Object.fromEntries(Object.entries(context.options).filter(([key]) => !COMMAND_KEYS.has(key)));
}

/** The names of the apps in a config file. */
export async function namesInFile({ io, options }: Context, file: string): Promise<readonly string[]> {
  const { only } = options;
  const cwd = directoryFor(file, io);
  return await appNamesIn({ target: file, cwd, env: io.env, ...(await contentOf(io, file)), ...(typeof only === 'string' ? { only: [only] } : {}) });
}

/** What comes on stdin for `-`. */
const contentOf = async ({ readStdin }: Io, target: string | undefined): Promise<{ readonly stdin?: string }> =>
  target === STDIN ? { stdin: await readStdin() } : {};

/** For commands that take a config file and nothing else. @throws LbError LB_ERR_USAGE */
export function refuseOtherTarget(context: Context, target: string | undefined): void {
  if (target === undefined || isConfigTarget(context, target)) return;
  const problem = `"${target}" is not a config file; lb ${context.command} takes one, such as lb.config.js or ecosystem.config.js, or - for stdin`;
  throw new LbError('LB_ERR_USAGE', { problem });
}

/** Whether the target is an existing config file, or `-`. */
export function isConfigTarget(context: Context, target: string): boolean {
  return target === STDIN || isExistingFile(context, target);
}

function isExistingFile(context: Context, target: string): boolean {
  return isConfigFile(target) && statSync(isAbsolute(target) ? target : resolve(context.io.cwd, target), { throwIfNoEntry: false })?.isFile() === true;
}
