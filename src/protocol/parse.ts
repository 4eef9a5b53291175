import { LbError } from '../errors/lb-error.ts';
import { expectedName, normalName } from '../lifecycle/app-name.ts';
import {
  MAX_INSTANCES,
  MAX_WEIGHT,
  SCALE_METRICS,
  type AppSpec,
  type EjectionSpec,
  type HealthCheckSpec,
  type HostPort,
  type ProxyProtocolSpec,
  type ScaleSpec,
} from '../lifecycle/app-spec.ts';
import { BALANCE_STRATEGIES } from '../lifecycle/balance-strategy.ts';
import type { EventHookSpec } from '../lifecycle/event-hook.ts';
import { EVENT_KIND_NAMES, SEVERITIES } from '../lifecycle/event-kind.ts';
import { LONGEST_PROFILE_MS, PROFILE_KINDS, type ProfileBody } from './profile.ts';
import {
  ON_FAILURE,
  type ReloadBody,
  type RestartBody,
  type ScaleBody,
  type SignalBody,
  type BalanceBody,
  type MetricsBody,
  type WeightBody,
  type StartBody,
  type StopBody,
} from './control.ts';

/** Turns something unknown into a value of its type, or throws LB_ERR_MESSAGE that names the place. */
type Parser<T> = (value: unknown, path: string, what: string) => T;

function fail(what: string, path: string, expected: string, value: unknown): never {
  const got = value === undefined ? 'nothing' : (JSON.stringify(value) ?? typeof value).slice(0, 80);
  throw new LbError('LB_ERR_MESSAGE', { what, path: path === '' ? 'body' : path, expected, got });
}

const string: Parser<string> = (value, path, what) => (typeof value === 'string' ? value : fail(what, path, 'a string', value));
const boolean: Parser<boolean> = (value, path, what) => (typeof value === 'boolean' ? value : fail(what, path, 'true or false', value));

const number =
  (min: number): Parser<number> =>
  (value, path, what) =>
    typeof value === 'number' && Number.isFinite(value) && value >= min ? value : fail(what, path, `a number of at least ${min}`, value);

const integer =
  (min: number): Parser<number> =>
  (value, path, what) =>
    typeof value === 'number' && Number.isSafeInteger(value) && value >= min ? value : fail(what, path, `a whole number of at least ${min}`, value);

const integerBetween =
  (min: number, max: number): Parser<number> =>
  (value, path, what) =>
    typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max
      ? value
      : fail(what, path, `a whole number from ${min} to ${max}`, value);

const workers = integerBetween(1, MAX_INSTANCES);

const nullable =
  <T>(parser: Parser<T>): Parser<T | null> =>
  (value, path, what) =>
    value === null ? null : parser(value, path, what);

const list =
  <T>(item: Parser<T>): Parser<T[]> =>
  (value, path, what) =>
    Array.isArray(value) ? value.map((v, i) => item(v, `${path}[${i}]`, what)) : fail(what, path, 'a list', value);

const oneOf =
  <T extends string>(values: readonly T[]): Parser<T> =>
  (value, path, what) =>
    values.find((v) => v === value) ?? fail(what, path, `one of ${values.join(', ')}`, value);

const appName: Parser<string> = (value, path, what) => {
  const name = normalName(string(value, path, what));
  const expected = expectedName(name);
  return expected === undefined ? name : fail(what, path, expected, value);
};

const absolutePath: Parser<string> = (value, path, what) =>
  typeof value === 'string' && value.startsWith('/') ? value : fail(what, path, 'an absolute path', value);

const record: Parser<Record<string, string>> = (value, path, what) => {
  const entries = Object.entries(fields(value, path, what));
  return Object.fromEntries(entries.map(([key, v]) => [key, string(v, `${path}.${key}`, what)]));
};

function fields(value: unknown, path: string, what: string): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : fail(what, path, 'an object', value);
}

type Shape<T> = { readonly [K in keyof T]-?: Parser<Exclude<T[K], undefined>> };

/** An object of which `optional` fields may be absent; fields that the shape does not name are errors. */
function object<T>(shape: Shape<T>, optional: readonly (keyof T & string)[] = []): Parser<T> {
  return (value, path, what) => {
    const given = fields(value, path, what);
    const unknown = Object.keys(given).find((key) => !Object.hasOwn(shape, key));
    const at = (key: string): string => (path === '' ? key : `${path}.${key}`);
    if (unknown !== undefined) fail(what, at(unknown), `one of ${Object.keys(shape).join(', ')}`, unknown);
    const result: Record<string, unknown> = {};
    for (const key of Object.keys(shape) as (keyof T & string)[]) {
      if (given[key] === undefined && optional.includes(key)) continue;
      result[key] = shape[key](given[key], at(key), what);
    }
    return result as T;
  };
}

const numberBetween =
  (min: number, max: number): Parser<number> =>
  (value, path, what) =>
    number(min)(value, path, what) <= max ? (value as number) : fail(what, path, `a number from ${min} to ${max}`, value);

const statusRange: Parser<readonly [number, number]> = (value, path, what) => {
  const [from, to, ...more] = list(integer(100))(value, path, what);
  return from === undefined || to === undefined || more.length > 0 ? fail(what, path, 'a list of two status codes', value) : [from, to];
};

const healthCheck = object<HealthCheckSpec>({
  path: nullable(string),
  port: nullable(integer(1)),
  intervalMs: number(1),
  timeoutMs: number(1),
  fall: integer(1),
  rise: integer(1),
  expect: list(statusRange),
  replaceAfterMs: nullable(number(0)),
});

const ejection = object<EjectionSpec>({
  takeTimeoutMs: number(1),
  loopDelayMs: number(1),
  errorRate: numberBetween(0, 1),
  baseMs: number(1),
  maxShare: numberBetween(0, 1),
});

const scalePolicy = object<ScaleSpec>({
  on: boolean,
  min: workers,
  max: workers,
  target: object<ScaleSpec['target']>({ metric: oneOf(SCALE_METRICS), value: number(Number.MIN_VALUE) }),
  upCooldownMs: number(0),
  downCooldownMs: number(0),
});

/** A text is one command for the shell, a list is a program with its words. */
const command: Parser<string | readonly string[]> = (value, path, what) => (typeof value === 'string' ? value : list(string)(value, path, what));

const eventHook = object<EventHookSpec>({
  run: nullable(command),
  url: nullable(string),
  kinds: nullable(list(oneOf(EVENT_KIND_NAMES))),
  severity: oneOf(SEVERITIES),
});

const weight = numberBetween(0, MAX_WEIGHT);

const hostPort = object<HostPort>({ host: nullable(string), port: integer(1) });

const appSpec = object<AppSpec>({
  name: appName,
  script: absolutePath,
  args: list(string),
  cwd: absolutePath,
  instances: workers,
  interpreter: absolutePath,
  nodeArgs: list(string),
  env: record,
  instanceVar: string,
  waitReady: boolean,
  listenTimeoutMs: number(1),
  killTimeoutMs: number(0),
  shutdownWithMessage: boolean,
  maxMemoryBytes: nullable(integer(1)),
  autorestart: boolean,
  minUptimeMs: number(0),
  maxRestarts: integer(0),
  restartDelayMs: nullable(number(0)),
  backoffBaseMs: number(0),
  stopExitCodes: list(integer(0)),
  outFile: nullable(absolutePath),
  errorFile: nullable(absolutePath),
  mergeLogs: boolean,
  logMaxBytes: integer(1),
  logKeep: integer(0),
  balance: oneOf(BALANCE_STRATEGIES),
  weights: list(weight),
  backup: list(integer(0)),
  maxConns: nullable(integer(1)),
  maxQueue: integer(1),
  slowStartMs: number(0),
  ipHashPrefix: object<AppSpec['ipHashPrefix']>({ v4: integer(1), v6: integer(1) }),
  proxyProtocol: nullable(object<ProxyProtocolSpec>({ ports: nullable(list(integer(1))), from: nullable(list(string)) })),
  health: nullable(healthCheck),
  ejection: nullable(ejection),
  hangTimeoutMs: nullable(number(1)),
  maxRequests: nullable(integer(1)),
  maxLifetimeMs: nullable(number(1)),
  recycleJitter: numberBetween(0, 1),
  maxMemoryKillBytes: nullable(integer(1)),
  healthPort: nullable(hostPort),
  readyMin: workers,
  drainDelayMs: number(0),
  promClient: boolean,
  onEvent: nullable(eventHook),
  scale: nullable(scalePolicy),
});

const reloadBody = object<ReloadBody>(
  { spec: appSpec, updateEnv: record, parallel: integer(1), monitorMs: number(0), onFailure: oneOf(ON_FAILURE), allAtOnce: boolean },
  ['spec', 'updateEnv', 'parallel', 'monitorMs', 'onFailure', 'allAtOnce'],
);

export const parseAppSpec = (value: unknown): AppSpec => appSpec(value, '', 'app definition');
export const parseStartBody = (value: unknown): StartBody => object<StartBody>({ apps: list(appSpec) })(value, '', 'start request');
export const parseReloadBody = (value: unknown): ReloadBody => reloadBody(value, '', 'reload request');
export const parseRestartBody = (value: unknown): RestartBody =>
  object<RestartBody>({ spec: appSpec, updateEnv: record, now: boolean }, ['spec', 'updateEnv', 'now'])(value, '', 'restart request');
export const parseStopBody = (value: unknown): StopBody => object<StopBody>({ now: boolean }, ['now'])(value, '', 'stop request');
export const parseScaleBody = (value: unknown): ScaleBody =>
  object<ScaleBody>({ to: workers, by: integerBetween(-MAX_INSTANCES, MAX_INSTANCES), auto: boolean }, ['to', 'by', 'auto'])(value, '', 'scale request');
export const parseSignalBody = (value: unknown): SignalBody => object<SignalBody>({ signal: string, pid: integer(1) }, ['pid'])(value, '', 'signal request');
export const parseProfileBody = (value: unknown): ProfileBody =>
  object<ProfileBody>({ what: oneOf(PROFILE_KINDS), slot: integer(0), durationMs: numberBetween(1, LONGEST_PROFILE_MS), output: absolutePath }, [
    'slot',
    'durationMs',
    'output',
  ])(value, '', 'profile request');
export const parseBalanceBody = (value: unknown): BalanceBody => object<BalanceBody>({ strategy: oneOf(BALANCE_STRATEGIES) })(value, '', 'balance request');
export const parseMetricsBody = (value: unknown): MetricsBody => object<MetricsBody>({ listen: nullable(hostPort) })(value, '', 'metrics request');
export const parseWeightBody = (value: unknown): WeightBody =>
  object<WeightBody>({ weights: list(object<WeightBody['weights'][number]>({ slot: integer(0), weight })) })(value, '', 'weight request');
