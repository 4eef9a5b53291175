import type { AppSpec } from '../lifecycle/app-spec.ts';
import type { EventHookSpec } from '../lifecycle/event-hook.ts';
import { NOTICE_MS } from '../lifecycle/stop-ladder.ts';
import { DEFAULTS, type Settings } from './options.ts';

/** Parts of a definition that depend on more than its options: place, environment or machine. */
type Located =
  | 'name'
  | 'origin'
  | 'declared'
  | 'script'
  | 'runner'
  | 'args'
  | 'cwd'
  | 'kind'
  | 'instances'
  | 'interpreter'
  | 'readyWhen'
  | 'dependsOn'
  | 'env'
  | 'user'
  | 'umask'
  | 'outFile'
  | 'errorFile'
  | 'logFile'
  | 'pidFile'
  | 'scale'
  | 'watch';

/** Of `time`. */
const TIME_FORMAT = 'YYYY-MM-DDTHH:mm:ss';

/** The parts of a definition that follow from its options alone. */
export function specSettings(settings: Settings): Omit<AppSpec, Located> {
  return {
    nodeArgs: settings.node_args,
    instanceVar: settings.instance_var,
    incrementVar: settings.increment_var ?? null,
    ipc: settings.ipc,
    namespace: settings.namespace,
    filterEnv: settings.filter_env,
    beforeReload: beforeReloadOf(settings),
    waitReady: settings.wait_ready,
    port: settings.port || null,
    listenTimeoutMs: settings.listen_timeout,
    killTimeoutMs: settings.kill_timeout,
    drainIdleMs: settings.drain_idle,
    maxDraining: settings.max_draining,
    overlap: settings.overlap ?? null,
    socket: settings.socket ?? null,
    ownPrimary: settings.own_primary,
    treekill: settings.treekill,
    killSignal: settings.kill_signal ?? null,
    shutdownWithMessage: settings.shutdown_with_message,
    maxMemoryBytes: settings.max_memory_restart,
    autorestart: settings.autorestart,
    autostart: settings.autostart,
    cron: cronOf(settings),
    minUptimeMs: settings.min_uptime,
    maxRestarts: settings.max_restarts,
    restartDelayMs: settings.restart_delay,
    backoffBaseMs: settings.exp_backoff_restart_delay,
    stopExitCodes: settings.stop_exit_codes,
    mergeLogs: settings.merge_logs,
    logDateFormat: settings.log_date_format ?? (settings.time ? TIME_FORMAT : null),
    logType: settings.log_type,
    logMaxBytes: settings.log_max_size,
    logKeep: settings.log_keep,
    balance: settings.balance,
    weights: settings.weights,
    backup: settings.backup,
    maxConns: settings.max_conns,
    maxQueue: settings.max_queue,
    handOffShare: settings.hand_off_share,
    slowStartMs: settings.slow_start,
    ipHashPrefix: { v4: settings.ip_hash_prefix_v4, v6: settings.ip_hash_prefix_v6 },
    proxyProtocol: proxyProtocolOf(settings),
    health: healthOf(settings),
    ejection: ejectionOf(settings),
    canary: canaryOf(settings),
    hangTimeoutMs: settings.hang_timeout,
    maxRequests: settings.max_requests,
    maxLifetimeMs: settings.max_lifetime,
    recycleJitter: settings.recycle_jitter,
    maxMemoryKillBytes: settings.max_memory_kill,
    healthPort: settings.health_port,
    readyMin: settings.ready_min,
    drainDelayMs: settings.drain_delay ?? (settings.health_port === null ? 0 : NOTICE_MS),
    stopGraceMs: settings.stop_grace,
    promClient: settings.prom_client,
    onEvent: hookOf(settings),
  };
}

/** Completes a definition that was saved before some options existed, with their defaults. */
export function completeSpec(saved: unknown): unknown {
  return typeof saved === 'object' && saved !== null
    ? {
        ...specSettings(DEFAULTS),
        kind: 'cluster',
        runner: [],
        readyWhen: null,
        dependsOn: [],
        scale: null,
        watch: null,
        logFile: null,
        pidFile: null,
        origin: null,
        declared: null,
        umask: null,
        user: null,
        ...saved,
      }
    : saved;
}

function beforeReloadOf({ before_reload: hook }: Settings): AppSpec['beforeReload'] {
  return hook === null || hook.command === null ? null : { command: hook.command, timeoutMs: hook.timeout };
}

function cronOf({ cron_restart: pattern, cron_timezone: timezone }: Settings): AppSpec['cron'] {
  return pattern === null ? null : { pattern, timezone: timezone ?? null };
}

function proxyProtocolOf({ proxy_protocol: on, proxy_protocol_from: from }: Settings): AppSpec['proxyProtocol'] {
  return on === undefined || on === null ? null : { ports: on === 'all' ? null : on, from: from ?? null };
}

function healthOf({ health }: Settings): AppSpec['health'] {
  if (health === null) return null;
  const { path, host, headers, port, command, interval, timeout, fall, rise, expect, replace_after } = health;
  const others = Object.entries(headers).filter(([name]) => name.toLowerCase() !== 'host');
  const asked = host ?? Object.entries(headers).find(([name]) => name.toLowerCase() === 'host')?.[1];
  return {
    path,
    ...(asked === undefined ? {} : { host: asked }),
    ...(others.length === 0 ? {} : { headers: Object.fromEntries(others) }),
    port,
    ...(command === null ? {} : { command }),
    intervalMs: interval,
    timeoutMs: timeout,
    fall,
    rise,
    expect,
    replaceAfterMs: replace_after,
  };
}

function ejectionOf({ ejection }: Settings): AppSpec['ejection'] {
  if (ejection === null) return null;
  const { take_timeout, loop_delay, error_rate, base, max_share } = ejection;
  return { takeTimeoutMs: take_timeout, loopDelayMs: loop_delay, errorRate: error_rate, baseMs: base, maxShare: max_share };
}

function canaryOf({ canary }: Settings): AppSpec['canary'] {
  return canary === null ? null : { monitorMs: canary.monitor, failureRate: canary.failure_rate, requests: canary.requests };
}

function hookOf({ on_event: hook }: Settings): EventHookSpec | null {
  if (hook === null) return null;
  const { run, url, kinds, severity } = hook;
  return { run, url, kinds, severity: severity ?? (kinds === null ? 'warn' : 'info') };
}
