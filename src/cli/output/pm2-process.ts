import { currentWorkers } from '../../lifecycle/current-workers.ts';
import { slotPath } from '../../logs/log-path.ts';
import type { AppSnapshot, SlotTrouble, WorkerSnapshot } from '../../protocol/snapshot.ts';

/** What `pm2 jlist` prints of one process, as far as scripts read it. */
export interface Pm2Process {
  readonly pid: number;
  readonly name: string;
  readonly pm2_env: Readonly<Record<string, unknown>>;
  readonly pm_id: number;
  readonly monit: { readonly memory: number; readonly cpu: number };
}

/** What is known of an app beside its snapshot. */
export interface Pm2Facts {
  readonly env: Readonly<Record<string, string>>;
  /** Of the package that the app belongs to. */
  readonly version: string | null;
  /** Who runs it. */
  readonly username: string;
}

const NOWHERE = '/dev/null';

/** The slots of an app as processes of PM2. */
export function pm2Processes(app: AppSnapshot, facts: Pm2Facts): Pm2Process[] {
  const workers = currentWorkers(app.workers);
  return (app.ids ?? []).map((id, slot) => {
    const worker = workers.get(slot);
    return {
      pid: worker?.pid ?? 0,
      name: app.name,
      pm2_env: { ...facts.env, ...settingsOf(app, slot, facts), ...stateOf(app, slot, worker), pm_id: id, name: app.name },
      pm_id: id,
      monit: { memory: worker?.memoryBytes ?? 0, cpu: worker?.cpuPercent ?? 0 },
    };
  });
}

function settingsOf({ spec, instances, node }: AppSnapshot, slot: number, { env, version, username }: Pm2Facts): Readonly<Record<string, unknown>> {
  const logOf = (path: string | null): string => (path === null ? NOWHERE : spec.mergeLogs ? path : slotPath(path, slot));
  return {
    namespace: spec.namespace,
    exec_mode: spec.kind === 'cluster' ? 'cluster_mode' : 'fork_mode',
    instances,
    pm_exec_path: spec.script,
    pm_cwd: spec.cwd,
    pm_out_log_path: logOf(spec.outFile),
    pm_err_log_path: logOf(spec.errorFile),
    ...(spec.logFile === null ? {} : { pm_log_path: logOf(spec.logFile) }),
    ...(spec.pidFile === null ? {} : { pm_pid_path: logOf(spec.pidFile) }),
    args: spec.args,
    node_args: spec.nodeArgs,
    exec_interpreter: spec.kind === 'command' ? (spec.runner[0] ?? 'none') : (spec.interpreter ?? 'node'),
    env: { ...env, [spec.instanceVar]: String(slot) },
    instance_var: spec.instanceVar,
    [spec.instanceVar]: slot,
    autorestart: spec.autorestart,
    autostart: spec.autostart,
    watch: spec.watch !== null,
    merge_logs: spec.mergeLogs,
    treekill: spec.treekill,
    kill_timeout: spec.killTimeoutMs,
    wait_ready: spec.waitReady,
    ...(spec.maxMemoryBytes === null ? {} : { max_memory_restart: spec.maxMemoryBytes }),
    ...(version === null ? {} : { version }),
    node_version: node,
    username,
  };
}

/** Times are epoch milliseconds, as in PM2. */
function stateOf(app: AppSnapshot, slot: number, worker: WorkerSnapshot | undefined): Readonly<Record<string, unknown>> {
  const trouble = app.troubledSlots.find((one) => one.slot === slot);
  const last = app.lastExits.findLast((exit) => exit.slot === slot);
  const startedAt = worker?.startedAt ?? app.startedAt ?? 0;
  return {
    status: statusOf(app, worker, trouble),
    restart_time: worker?.restarts ?? trouble?.restarts ?? 0,
    unstable_restarts: trouble?.restarts ?? 0,
    pm_uptime: startedAt,
    created_at: startedAt === 0 ? null : startedAt,
    unique_id: `${app.name}-${worker?.pid ?? 0}-${startedAt}`,
    ...(last === undefined || last.code === null ? {} : { exit_code: last.code }),
  };
}

/** In the words of PM2. */
function statusOf({ state }: AppSnapshot, worker: WorkerSnapshot | undefined, trouble: SlotTrouble | undefined): string {
  switch (worker?.state) {
    case 'starting':
      return 'launching';
    case 'ready':
    case 'ejected':
      return 'online';
    case 'draining':
    case 'stopping':
      return 'stopping';
    case 'exited':
    case undefined:
      if (trouble !== undefined) return trouble.state === 'waiting' ? 'waiting restart' : trouble.state;
      return state === 'errored' || state === 'stopped' ? state : 'launching';
  }
}
