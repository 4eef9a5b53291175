import { expectedName, normalName } from '../lifecycle/app-name.ts';
import {
  LOG_PROGRAMS,
  LOG_TYPES,
  MAX_INSTANCES,
  MAX_WEIGHT,
  WORKER_KINDS,
  type AppSpec,
  type BeforeReloadSpec,
  type CanarySpec,
  type Declared,
  type DefinitionOrigin,
  type EjectionSpec,
  type HealthCheckSpec,
  type HostPort,
  type ProxyProtocolSpec,
  type ScaleSpec,
} from '../lifecycle/app-spec.ts';
import type { AppUser } from '../lifecycle/app-user.ts';
import type { CronSpec } from '../lifecycle/cron.ts';
import { BALANCE_STRATEGIES } from '../lifecycle/balance-strategy.ts';
import type { EventHookSpec } from '../lifecycle/event-hook.ts';
import { EVENT_KIND_NAMES, SEVERITIES } from '../lifecycle/event-kind.ts';
import { signalName } from './left-commands.ts';
import type { ReadyWhen } from '../lifecycle/ready-when.ts';
import type { WatchSpec, WatchTuning } from '../lifecycle/watch-spec.ts';
import { scaleTarget } from './parse-scale-target.ts';
import {
  boolean,
  exact,
  integer,
  list,
  Malformed,
  nullable,
  number,
  object,
  oneOf,
  optional,
  record,
  string,
  variants,
  type Parser,
  type Shape,
} from './parser.ts';

export const instances = integer(1, MAX_INSTANCES);
export const weight = number(0, MAX_WEIGHT);
export const slot = integer(0);

/** An app name, normalized. */
export const appName: Parser<string> = (value) => {
  const name = normalName(string(value));
  const expected = expectedName(name);
  if (expected === undefined) return name;
  throw new Malformed(expected, value);
};

export const absolutePath: Parser<string> = (value) => {
  if (typeof value === 'string' && value.startsWith('/')) return value;
  throw new Malformed('an absolute path', value);
};

const logTarget: Parser<string> = (value) => LOG_PROGRAMS.find((word) => word === value) ?? absolutePath(value);

const statusRange: Parser<readonly [number, number]> = (value) => {
  const [from, to, ...more] = list(integer(100))(value);
  if (from === undefined || to === undefined || more.length > 0) throw new Malformed('a list of two status codes', value);
  return [from, to];
};

/** A string is a shell command, a list is a program with its arguments. */
const command: Parser<string | readonly string[]> = (value) => (typeof value === 'string' ? value : list(string)(value));

const readyWhen = variants<ReadyWhen, 'by'>('by', {
  port: { port: integer(1, 65_535) },
  path: { path: string, port: integer(1, 65_535) },
  command: { command: string },
  file: { file: absolutePath },
});

export const hostPort = object<HostPort>({ host: nullable(string), port: integer(1) });

const finish = object<Exclude<WatchTuning['awaitWriteFinish'], boolean | undefined>>({
  stabilityThreshold: optional(number(0)),
  pollInterval: optional(number(0)),
});

const WATCH_TUNING: Shape<WatchTuning> = {
  usePolling: optional(boolean),
  interval: optional(integer(0)),
  binaryInterval: optional(integer(0)),
  depth: optional(integer(0)),
  followSymlinks: optional(boolean),
  ignorePermissionErrors: optional(boolean),
  alwaysStat: optional(boolean),
  atomic: optional((value) => (typeof value === 'boolean' ? value : integer(0)(value))),
  awaitWriteFinish: optional((value) => (typeof value === 'boolean' ? value : finish(value))),
};

const id = integer(0, 2 ** 32 - 2);
export const appUser = object<AppUser>({ uid: id, gid: id, name: nullable(string), home: nullable(absolutePath) });

const SHAPE: Shape<AppSpec> = {
  name: appName,
  namespace: string,
  origin: nullable(object<DefinitionOrigin>({ file: nullable(absolutePath), project: nullable(string), name: optional(string) })),
  declared: nullable(object<Declared>({ digest: string, instances: nullable(instances), env: list(string), umask: boolean })),
  script: absolutePath,
  runner: list(string),
  args: list(string),
  cwd: absolutePath,
  kind: oneOf(WORKER_KINDS),
  instances,
  interpreter: nullable(absolutePath),
  nodeArgs: list(string),
  env: record(string),
  filterEnv: list(string),
  user: nullable(appUser),
  umask: nullable(integer(0, 0o777)),
  instanceVar: string,
  incrementVar: nullable(string),
  ipc: oneOf(['none', 'broadcast']),
  port: nullable(integer(1, 65_535)),
  socket: nullable(hostPort),
  readyWhen: nullable(readyWhen),
  dependsOn: list(string),
  beforeReload: nullable(object<BeforeReloadSpec>({ command: string, timeoutMs: number(1) })),
  waitReady: boolean,
  listenTimeoutMs: number(1),
  killTimeoutMs: number(0),
  drainIdleMs: number(0),
  maxDraining: nullable(integer(1)),
  overlap: nullable(boolean),
  ownPrimary: boolean,
  treekill: boolean,
  killSignal: nullable(signalName),
  shutdownWithMessage: boolean,
  maxMemoryBytes: nullable(integer(1)),
  autorestart: boolean,
  autostart: boolean,
  watch: nullable(object<WatchSpec>({ paths: list(absolutePath), ignore: list(string), delayMs: number(0), options: object<WatchTuning>(WATCH_TUNING) })),
  cron: nullable(object<CronSpec>({ pattern: string, timezone: nullable(string) })),
  minUptimeMs: number(0),
  maxRestarts: integer(0),
  restartDelayMs: nullable(number(0)),
  backoffBaseMs: number(0),
  stopExitCodes: list(integer(0)),
  pidFile: nullable(absolutePath),
  outFile: nullable(logTarget),
  errorFile: nullable(logTarget),
  mergeLogs: boolean,
  logFile: nullable(absolutePath),
  logDateFormat: nullable(string),
  logType: oneOf(LOG_TYPES),
  logMaxBytes: integer(1),
  logKeep: integer(0),
  balance: oneOf(BALANCE_STRATEGIES),
  weights: list(weight),
  backup: list(slot),
  maxConns: nullable(integer(1)),
  maxQueue: integer(1),
  handOffShare: number(0, 1),
  slowStartMs: number(0),
  ipHashPrefix: object<AppSpec['ipHashPrefix']>({ v4: integer(1), v6: integer(1) }),
  proxyProtocol: nullable(object<ProxyProtocolSpec>({ ports: nullable(list(integer(1))), from: nullable(list(string)) })),
  health: nullable(
    object<HealthCheckSpec>({
      path: nullable(string),
      host: optional(string),
      headers: optional(record(string)),
      port: nullable(integer(1)),
      command: optional(string),
      intervalMs: number(1),
      timeoutMs: number(1),
      fall: integer(1),
      rise: integer(1),
      expect: list(statusRange),
      replaceAfterMs: nullable(number(0)),
    }),
  ),
  ejection: nullable(
    object<EjectionSpec>({ takeTimeoutMs: number(1), loopDelayMs: number(1), errorRate: number(0, 1), baseMs: number(1), maxShare: number(0, 1) }),
  ),
  canary: nullable(object<CanarySpec>({ monitorMs: number(0), failureRate: number(0, 1), requests: integer(1) })),
  hangTimeoutMs: nullable(number(1)),
  maxRequests: nullable(integer(1)),
  maxLifetimeMs: nullable(number(1)),
  recycleJitter: number(0, 1),
  maxMemoryKillBytes: nullable(integer(1)),
  healthPort: nullable(hostPort),
  readyMin: instances,
  drainDelayMs: number(0),
  stopGraceMs: nullable(number(1)),
  promClient: boolean,
  onEvent: nullable(
    object<EventHookSpec>({ run: nullable(command), url: nullable(string), kinds: nullable(list(oneOf(EVENT_KIND_NAMES))), severity: oneOf(SEVERITIES) }),
  ),
  scale: nullable(object<ScaleSpec>({ on: boolean, min: instances, max: instances, target: scaleTarget, upCooldownMs: number(0), downCooldownMs: number(0) })),
};

/** A definition from a user: unknown fields are errors. */
export const appSpec = exact<AppSpec>(SHAPE);

/** A definition from another process, possibly of another version: unknown fields pass. */
export const lenientAppSpec = object<AppSpec>(SHAPE);

const { env: _, ...WITHOUT_ENV } = SHAPE;

/** A definition without the values of the environment, which may be secret. */
export const shownAppSpec = object<Omit<AppSpec, 'env'> & { readonly envNames: readonly string[] }>({ ...WITHOUT_ENV, envNames: list(string) });
