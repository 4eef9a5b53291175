import { describeUser } from '../../lifecycle/app-user.ts';
import { isDeepStrictEqual } from 'node:util';
import { DEFAULTS, type OptionKey } from '../../config/options.ts';
import { specSettings } from '../../config/spec-settings.ts';
import { formatUmask } from '../../config/umask-kind.ts';
import { formatBytes, formatDuration } from '../../config/units.ts';
import { describeReadyWhen } from '../../lifecycle/ready-when.ts';
import { plural } from '../../lifecycle/wording.ts';
import type { AppSnapshot } from '../../protocol/snapshot.ts';
import { keysOf } from '../../lifecycle/keys-of.ts';

type Spec = AppSnapshot['spec'];
export type Fact = readonly [label: string, value: string];

interface Line<T> {
  /** The options that the line covers; the first is its label. */
  readonly options: readonly [OptionKey, ...OptionKey[]];
  readonly text: (value: T, spec: Spec) => string;
  /** Shown even if the value is the default. */
  readonly always: boolean;
}

type Text<T> = Line<T>['text'];

const always = <T>(option: OptionKey, text: Text<T>, ...others: OptionKey[]): Line<T> => ({ options: [option, ...others], text, always: true });
const changed = <T>(option: OptionKey, text: Text<T>, ...others: OptionKey[]): Line<T> => ({ options: [option, ...others], text, always: false });

const yesNo = (on: boolean): string => (on ? 'yes' : 'no');
const list = (values: readonly (string | number)[]): string => values.join(', ') || 'none';
const or =
  <T>(none: string, text: (value: T) => string) =>
  (value: T | null): string =>
    value === null ? none : text(value);

/** The line of each part of a definition; null if another line or the heading covers it. */
export const DEFINITION_LINES: { readonly [K in keyof Spec]: Line<Spec[K]> | null } = {
  name: null,
  namespace: changed('namespace', String),
  origin: null,
  declared: null,
  script: always('script', String),
  runner: null,
  args: changed('args', (args) => args.join(' ')),
  cwd: always('cwd', String),
  interpreter: always('interpreter', (interpreter, { kind, runner }) =>
    kind === 'command' ? runner.join(' ') || 'none' : (interpreter ?? 'the Node.js that runs the daemon'),
  ),
  user: changed('uid', or('the user of the daemon', describeUser), 'gid'),
  nodeArgs: changed('node_args', (args) => args.join(' '), 'source_map_support', 'disable_source_map_support'),
  kind: always('exec_mode', (kind) => (kind === 'cluster' ? 'cluster' : kind === 'plain' ? 'fork' : 'fork, as a command')),
  instances: always('instances', String),
  scale: changed('scale', or('off', scaleText)),
  ipc: changed('ipc', String),
  port: changed('port', or('none', String)),
  incrementVar: changed('increment_var', or('none', String)),
  socket: changed(
    'socket',
    or('none', ({ host, port }) => `${host ?? '*'}:${port}`),
  ),
  dependsOn: changed('depends_on', (names) => names.join(', ')),
  beforeReload: changed(
    'before_reload',
    or('none', ({ command, timeoutMs }) => `${command} (within ${formatDuration(timeoutMs)})`),
  ),
  readyWhen: changed('ready_when', or('it listens, or has lived for min_uptime', describeReadyWhen)),
  waitReady: always('wait_ready', yesNo),
  listenTimeoutMs: always('listen_timeout', formatDuration),
  killTimeoutMs: always('kill_timeout', formatDuration),
  drainIdleMs: changed('drain_idle', formatDuration),
  maxDraining: changed('max_draining', or('as many as workers', String)),
  overlap: changed('overlap', or('decided by lb', yesNo)),
  ownPrimary: changed('own_primary', yesNo),
  treekill: changed('treekill', yesNo),
  killSignal: changed('kill_signal', or('SIGTERM, or SIGINT if the app handles only that', String)),
  shutdownWithMessage: changed('shutdown_with_message', yesNo),
  drainDelayMs: changed('drain_delay', formatDuration),
  stopGraceMs: changed('stop_grace', or('off', formatDuration)),
  balance: always('balance', String),
  weights: changed('weights', list),
  backup: changed('backup', (slots) => `slot ${list(slots)}`),
  maxConns: changed(
    'max_conns',
    or('off', (count) => `${count} per worker`),
  ),
  maxQueue: changed('max_queue', String),
  handOffShare: changed('hand_off_share', String),
  slowStartMs: changed('slow_start', formatDuration),
  ipHashPrefix: changed('ip_hash_prefix_v4', ({ v4, v6 }) => `${v4} bits, ${v6} of IPv6`, 'ip_hash_prefix_v6'),
  proxyProtocol: changed('proxy_protocol', or('off', proxyText), 'proxy_protocol_from'),
  health: always('health', or('no active check', healthText)),
  ejection: changed('ejection', or('off', ejectionText)),
  canary: changed(
    'canary',
    or('off', ({ monitorMs, failureRate, requests }) => `monitor ${formatDuration(monitorMs)}, failure rate ${failureRate}, requests ${requests}`),
  ),
  hangTimeoutMs: always('hang_timeout', or('off', formatDuration)),
  healthPort: changed(
    'health_port',
    or('off', ({ host, port }) => `${host ?? '*'}:${port}`),
  ),
  readyMin: changed('ready_min', (count) => plural(count, 'worker')),
  maxRequests: changed('max_requests', or('off', String)),
  maxLifetimeMs: changed('max_lifetime', or('off', formatDuration)),
  recycleJitter: changed('recycle_jitter', String),
  maxMemoryKillBytes: changed('max_memory_kill', or('off', formatBytes)),
  maxMemoryBytes: always('max_memory_restart', or('off', formatBytes)),
  autorestart: always('autorestart', (on, { maxRestarts }) => (on ? `yes, at most ${maxRestarts} unstable restarts in a row` : 'no'), 'max_restarts'),
  maxRestarts: null,
  autostart: changed('autostart', yesNo),
  cron: changed(
    'cron_restart',
    or('off', ({ pattern, timezone }) => `${pattern}${timezone === null ? '' : `, time of ${timezone}`}`),
    'cron_timezone',
  ),
  watch: changed('watch', or('off', watchText), 'ignore_watch', 'watch_delay', 'watch_options'),
  minUptimeMs: changed('min_uptime', formatDuration),
  restartDelayMs: changed('restart_delay', or('off', formatDuration)),
  backoffBaseMs: changed('exp_backoff_restart_delay', formatDuration),
  stopExitCodes: changed('stop_exit_codes', list),
  outFile: always('out_file', or('none', String)),
  errorFile: always('error_file', or('none', String)),
  logFile: changed('log_file', or('none', String), 'disable_logs'),
  logDateFormat: changed('log_date_format', or('none', String), 'time'),
  mergeLogs: changed('merge_logs', yesNo),
  logType: changed('log_type', String),
  logMaxBytes: changed('log_max_size', formatBytes),
  logKeep: changed('log_keep', String),
  promClient: changed('prom_client', yesNo),
  onEvent: changed('on_event', or('off', hookText)),
  envNames: always('env', (names, { instanceVar }) => `${plural(names.length, 'variable')}, slot number in ${instanceVar}`, 'env_file', 'instance_var'),
  filterEnv: changed('filter_env', (words) => (words.includes('') ? 'everything inherited' : list(words))),
  pidFile: changed('pid_file', or('none', String)),
  umask: changed('umask', or('that of the daemon', formatUmask)),
  instanceVar: null,
};

const DEFAULT_SPEC: Partial<Spec> = {
  ...specSettings(DEFAULTS),
  user: null,
  args: [],
  scale: null,
  watch: null,
  logFile: null,
  pidFile: null,
  umask: null,
  dependsOn: [],
  beforeReload: null,
  readyWhen: null,
};

/** The lines that are always shown, and every option that differs from its default. */
export function definitionFacts(spec: Spec): Fact[] {
  return keysOf(DEFINITION_LINES).flatMap((key) => factOf(key, spec));
}

function factOf<K extends keyof Spec>(key: K, spec: Spec): Fact[] {
  const line: Line<Spec[K]> | null = DEFINITION_LINES[key];
  if (line === null || (!line.always && isDeepStrictEqual(spec[key], DEFAULT_SPEC[key]))) return [];
  return [[line.options[0], line.text(spec[key], spec)]];
}

function scaleText({ min, max, target, upCooldownMs, downCooldownMs, on }: NonNullable<Spec['scale']>): string {
  const how = `${min} to ${plural(max, 'worker')}, ${target.metric} ${target.value}, up after ${formatDuration(upCooldownMs)}, down after ${formatDuration(downCooldownMs)}`;
  return on ? how : `turned off manually (${how})`;
}

function watchText({ paths, ignore, delayMs, options }: NonNullable<Spec['watch']>): string {
  const tuned = Object.entries(options).map(([name, value]) => `${name} ${JSON.stringify(value)}`);
  const but = ignore.length === 0 ? '' : ` but not ${list(ignore)}`;
  return [`${list(paths)}${but}`, `after ${formatDuration(delayMs)} without a change`, ...tuned].join(', ');
}

function proxyText({ ports, from }: NonNullable<Spec['proxyProtocol']>): string {
  return `on ${ports === null ? 'every port' : `port ${list(ports)}`}, from ${from === null ? 'any address' : list(from)}`;
}

function healthText({ path, host, headers, port, intervalMs, timeoutMs, fall, rise, expect, replaceAfterMs }: NonNullable<Spec['health']>): string {
  const as = [host === undefined ? [] : [`host ${host}`], headers === undefined ? [] : [`headers ${Object.keys(headers).join(', ')} (values hidden)`]].flat();
  const where = `${path ?? 'connect'}${as.length === 0 ? '' : ` (${as.join(', ')})`}${port === null ? '' : ` on port ${port}`}`;
  const statuses = path === null ? '' : `, expect ${list(expect.map(([from, to]) => (from === to ? from : `${from}-${to}`)))}`;
  return `${where} every ${formatDuration(intervalMs)}, fall ${fall}, rise ${rise}, timeout ${formatDuration(timeoutMs)}${statuses}, ${replaceAfterMs === null ? 'never replaced' : `replaced after ${formatDuration(replaceAfterMs)}`}`;
}

function ejectionText({ takeTimeoutMs, loopDelayMs, errorRate, baseMs, maxShare }: NonNullable<Spec['ejection']>): string {
  return `take timeout ${formatDuration(takeTimeoutMs)}, loop delay ${formatDuration(loopDelayMs)}, error rate ${errorRate}, base ${formatDuration(baseMs)}, max share ${maxShare}`;
}

function hookText({ run, url, kinds, severity }: NonNullable<Spec['onEvent']>): string {
  const called = [run === null ? [] : [`run ${typeof run === 'string' ? run : run.join(' ')}`], url === null ? [] : [url]].flat().join(' and ');
  return `${called} for ${kinds === null ? 'every kind' : list(kinds)}, severity ${severity} and above`;
}
