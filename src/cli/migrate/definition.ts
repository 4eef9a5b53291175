import { basename, extname } from 'node:path';
import type { ListedProcess, Pm2App } from './pm2-list.ts';

/** An app of PM2 in the keys of a config file. */
export interface Definition {
  readonly entry: Readonly<Record<string, unknown>>;
  /** What will be otherwise, in sentences. */
  readonly differences: readonly string[];
}

/** Settings that mean the same in a config file of `lb`, under the same key. */
const SAME = [
  'args',
  'node_args',
  'log_date_format',
  'log_type',
  'merge_logs',
  'autorestart',
  'stop_exit_codes',
  'min_uptime',
  'max_restarts',
  'restart_delay',
  'exp_backoff_restart_delay',
  'max_memory_restart',
  'wait_ready',
  'listen_timeout',
  'kill_timeout',
  'shutdown_with_message',
  'treekill',
  'watch',
  'ignore_watch',
  'watch_delay',
  'watch_options',
  'increment_var',
  'instance_var',
  'filter_env',
  'uid',
  'gid',
] as const;

/** PM2 writes there if no other place was given. */
const NOWHERE = new Set(['/dev/null', 'NULL', '']);

/** What an app of PM2 is as an app of `lb`. */
export function definitionOf(app: Pm2App): Definition {
  const { settings, processes, kind } = app;
  const logs = logsOf(app);
  const entry = {
    name: app.name,
    ...(app.namespace === 'default' ? {} : { namespace: app.namespace }),
    script: settings['pm_exec_path'],
    cwd: settings['pm_cwd'],
    ...Object.fromEntries(SAME.flatMap((key) => (asksFor(settings[key]) ? [[key, settings[key]]] : []))),
    ...programOf(settings),
    exec_mode: kind,
    ...(kind === 'cluster' || processes.length > 1 ? { instances: processes.length } : {}),
    ...(asksFor(settings['cron_restart']) && String(settings['cron_restart']) !== '0' ? { cron_restart: settings['cron_restart'] } : {}),
    ...logs.keys,
  };
  return { entry, differences: logs.differences };
}

/** PM2 fills in what was not set. */
const asksFor = (value: unknown): boolean =>
  value !== undefined && value !== null && value !== '' && !(Array.isArray(value) && value.length === 0) && value !== 'NULL';

/** A cluster worker runs on the Node.js of the daemon, whatever else is set. */
function programOf({ exec_mode: mode, exec_interpreter: interpreter }: Pm2App['settings']): object {
  return mode === 'cluster_mode' || !asksFor(interpreter) || interpreter === 'node' ? {} : { interpreter };
}

interface Logs {
  readonly keys: Readonly<Record<string, unknown>>;
  readonly differences: readonly string[];
}

const LOG_FILES = [
  ['out_file', 'pm_out_log_path'],
  ['error_file', 'pm_err_log_path'],
  ['log_file', 'pm_log_path'],
] as const;

/** The same files: those of several processes have the id of each in their name. */
function logsOf({ kind, processes, settings }: Pm2App): Logs {
  const isSingle = kind === 'fork' && processes.length === 1;
  const isMerged = settings['merge_logs'] === true || isSingle;
  const keys = LOG_FILES.flatMap(([key, own]): [string, unknown][] => {
    const path = settings[own];
    if (typeof path !== 'string') return [];
    if (NOWHERE.has(path)) return [[key, '/dev/null']];
    return [[key, isMerged ? path : withoutId(path, processes[0])]];
  });
  const isMoved = !isMerged && processes.some(({ id }, slot) => id !== slot);
  const shown = processes.map(({ id }, slot) => `${id} -> ${slot}`).join(', ');
  return {
    keys: { ...Object.fromEntries(keys), ...(isMerged ? { merge_logs: true } : {}) },
    differences: isMoved ? [`its log files are numbered from 0 (${shown})`] : [],
  };
}

/** `api-out-3.log` → `api-out.log`, of the process with the id 3. */
function withoutId(path: string, process: ListedProcess | undefined): string {
  const extension = extname(path);
  const stem = path.slice(0, path.length - extension.length);
  const suffix = `-${process?.id ?? ''}`;
  return basename(stem).endsWith(suffix) ? `${stem.slice(0, -suffix.length)}${extension}` : path;
}
