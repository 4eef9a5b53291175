import type { AppUser } from './app-user.ts';
import type { BalanceStrategy } from './balance-strategy.ts';
import type { CronSpec } from './cron.ts';
import type { EventHookSpec } from './event-hook.ts';
import type { ReadyWhen } from './ready-when.ts';
import type { WatchSpec } from './watch-spec.ts';

const DEFAULT_WEIGHT = 1;
/** HAProxy's maximum. Weights are ratios, so a larger range adds nothing. */
export const MAX_WEIGHT = 256;
/** Maximum number of workers per app. */
export const MAX_INSTANCES = 1_024;

/** PROXY protocol (v1 and v2) expected at the beginning of each connection. */
export interface ProxyProtocolSpec {
  /** Ports it is expected on; null for every listener. */
  readonly ports: readonly number[] | null;
  /** Addresses and CIDR blocks that may connect; connections from others are closed. Null for any address. */
  readonly from: readonly string[] | null;
}

/** What can take output in place of a file. */
export const LOG_PROGRAMS = ['journal', 'syslog'] as const;
export type LogProgram = (typeof LOG_PROGRAMS)[number];

export const LOG_TYPES = ['text', 'json'] as const;
export type LogType = (typeof LOG_TYPES)[number];

/** The active health check of each worker. */
export interface HealthCheckSpec {
  /** HTTP path; null for a plain connect. */
  readonly path: string | null;
  /** The `Host` of the request; absent for `localhost`. */
  readonly host?: string;
  /** Further headers; their values may be secret. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The app's port to check; null for the first one it listened on, of a command its `PORT`. */
  readonly port: number | null;
  /** Of a command: a shell command that ends with 0 while it is healthy; absent for none. */
  readonly command?: string;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** Consecutive failures after which a worker is ejected. */
  readonly fall: number;
  /** Consecutive successes after which it is readmitted. */
  readonly rise: number;
  /** Status codes that count as healthy, as inclusive ranges. */
  readonly expect: readonly (readonly [from: number, to: number])[];
  /** A worker ejected for longer than this is replaced, the new one first; null for never. */
  readonly replaceAfterMs: number | null;
}

/** Passive checks: what the traffic shows about a worker. */
export interface EjectionSpec {
  /** A connection not taken within this time counts against the worker. */
  readonly takeTimeoutMs: number;
  /** An event-loop delay above this counts against the worker. */
  readonly loopDelayMs: number;
  /** Share of 5xx answers (0 to 1) that counts against the worker if its peers are far better. */
  readonly errorRate: number;
  /** Length of the first ejection; the nth is n times as long. */
  readonly baseMs: number;
  /** Share of the workers (0 to 1) that may be ejected at a time; one worker always may. */
  readonly maxShare: number;
}

/** How the first new worker of a reload is compared with the old workers. */
export interface CanarySpec {
  /** Monitor window of a reload that names none. */
  readonly monitorMs: number;
  /** By how much the share of its requests that fail (0 to 1) must exceed theirs. */
  readonly failureRate: number;
  /** With fewer requests nothing is decided. */
  readonly requests: number;
}

/**
 * Units: `elu` and `cpu` are shares of one core per worker (0 to 1), `p95_ms` is milliseconds, `rps_per_worker` is requests per
 * second.
 */
export const SCALE_METRICS = ['elu', 'cpu', 'p95_ms', 'rps_per_worker'] as const;
export type ScaleMetric = (typeof SCALE_METRICS)[number];

/** Autoscaling: bounds, target and cooldowns. */
export interface ScaleSpec {
  /** False while the number of workers is set by hand. */
  readonly on: boolean;
  readonly min: number;
  readonly max: number;
  readonly target: { readonly metric: ScaleMetric; readonly value: number };
  /** Minimum time between a change and the next scale-up. */
  readonly upCooldownMs: number;
  /** Minimum time between a change and the next scale-down; the load must have been low for all of it. */
  readonly downCooldownMs: number;
}

/** A command that runs before a reload. */
export interface BeforeReloadSpec {
  /** For a shell. */
  readonly command: string;
  readonly timeoutMs: number;
}

/** Where to listen. */
export interface HostPort {
  /** Null for every address. */
  readonly host: string | null;
  readonly port: number;
}

/**
 * How the workers of an app are made. `cluster`: with `node:cluster`. `plain`: as ordinary Node.js processes, each of which sees
 * itself as the primary of a cluster. `command`: any other program.
 */
export const WORKER_KINDS = ['cluster', 'plain', 'command'] as const;
export type WorkerKind = (typeof WORKER_KINDS)[number];

/** Where a definition was written. */
export interface DefinitionOrigin {
  /** The config file; null for a command line. */
  readonly file: string | null;
  /** The name in the `package.json` of its working directory; null if it has none. */
  readonly project: string | null;
  /** Its name there, before `--name` or `append_env_to_name` changed it. Absent in definitions that an older version saved. */
  readonly name?: string | undefined;
}

/** What a definition says by itself, in its config file, flags and `env_file`, without what it inherits from the shell. */
export interface Declared {
  /** Two definitions with the same one ask for the same, except for the number of workers. */
  readonly digest: string;
  /** The number of workers it asks for; null if it names none. */
  readonly instances: number | null;
  /** The names of the variables that it sets or removes. */
  readonly env: readonly string[];
  /** Whether it sets the umask. */
  readonly umask: boolean;
}

/**
 * The definition of one app: resolved, complete, every path absolute. `config` makes it, the daemon stores it, the primary
 * carries it out.
 */
export interface AppSpec {
  /** Unique in a daemon; see `expectedName`. */
  readonly name: string;
  /** A group of apps. */
  readonly namespace: string;
  /** Null in definitions that an older version saved. */
  readonly origin: DefinitionOrigin | null;
  /** Null in definitions that an older version saved. */
  readonly declared: Declared | null;
  /** Absolute path of the script the workers run as their main module; of a command, what its runner runs, or the program. */
  readonly script: string;
  /** The interpreter of a command, as an absolute path, with its arguments; empty if the script runs by itself, or Node.js runs it. */
  readonly runner: readonly string[];
  readonly args: readonly string[];
  readonly cwd: string;
  readonly kind: WorkerKind;
  /** Desired number of workers, at least 1. */
  readonly instances: number;
  /** Absolute path of the Node.js binary for the primary and the workers; null for the one that runs the daemon. */
  readonly interpreter: string | null;
  readonly nodeArgs: readonly string[];
  /** The complete environment of the workers, except for the instance variable. */
  readonly env: Readonly<Record<string, string>>;
  /** Variables whose name contains one of these are not inherited. */
  readonly filterEnv: readonly string[];
  /** As whom its primary and workers run; null for the user of the daemon. */
  readonly user: AppUser | null;
  /** File mode creation mask of the workers; null for that of the daemon. */
  readonly umask: number | null;
  /** Name of the variable that carries the slot number. */
  readonly instanceVar: string;
  /** Name of a variable that each worker gets increased by its slot number; null for none. */
  readonly incrementVar: string | null;
  /** What happens to messages of a worker to its cluster primary: `broadcast` sends them to the other workers. */
  readonly ipc: 'none' | 'broadcast';
  /** The port that it is known to listen on: a worker is ready when it does. Null if it was not told. */
  readonly port: number | null;
  /** The socket that a command inherits, as under systemd; null for none. */
  readonly socket: HostPort | null;
  /** What shows that a command is ready; null: it listens, or has lived for `minUptimeMs`. */
  readonly readyWhen: ReadyWhen | null;
  /** Names of the apps that start before it, and stop after it. */
  readonly dependsOn: readonly string[];
  /** What must succeed before an operator's reload replaces anything; null for nothing. */
  readonly beforeReload: BeforeReloadSpec | null;
  /** A worker is ready only on `process.send('ready')`. */
  readonly waitReady: boolean;
  readonly listenTimeoutMs: number;
  readonly killTimeoutMs: number;
  /** While a worker drains, an idle connection is closed this long after its last byte. */
  readonly drainIdleMs: number;
  /** How many workers may drain at a time; null is as many as there are slots. */
  readonly maxDraining: number | null;
  /** Whether old and new worker may run side by side when one replaces the other; null is decided by what the app does. */
  readonly overlap: boolean | null;
  /** It shares its primary with no other app. */
  readonly ownPrimary: boolean;
  /** What a worker started ends with it. */
  readonly treekill: boolean;
  /** The stop signal; null for SIGTERM, and SIGINT for a Node.js app that handles only that. */
  readonly killSignal: NodeJS.Signals | null;
  /** Send the message `shutdown` instead of a stop signal. */
  readonly shutdownWithMessage: boolean;
  /** Soft limit on resident memory per worker; null for off. */
  readonly maxMemoryBytes: number | null;
  readonly autorestart: boolean;
  /** Whether `lb start` of its definition runs it, or only defines it. */
  readonly autostart: boolean;
  /** When it is started or reloaded again and again; null for never. */
  readonly cron: CronSpec | null;
  /** Which files, when they change, reload or start it; null for none. */
  readonly watch: WatchSpec | null;
  readonly minUptimeMs: number;
  /** Consecutive unstable restarts before a slot is errored. */
  readonly maxRestarts: number;
  /** Fixed delay before a restart; null for exponential backoff. */
  readonly restartDelayMs: number | null;
  /** First delay of the exponential backoff. */
  readonly backoffBaseMs: number;
  /** Exit codes after which a worker is not restarted. */
  readonly stopExitCodes: readonly number[];
  /** File of the pid of the worker; with several, `-<slot>` is inserted. Null for none. */
  readonly pidFile: string | null;
  /**
   * Files of the workers' stdout and stderr, or a program that takes them; null for none. If `mergeLogs` is false, `-<slot>` is
   * inserted before the extension.
   */
  readonly outFile: string | null;
  readonly errorFile: string | null;
  readonly mergeLogs: boolean;
  /** One more file, for both; null for none. */
  readonly logFile: string | null;
  /** The format of the time before each line; null for none. */
  readonly logDateFormat: string | null;
  /** Each line as it was written, or as a JSON object. */
  readonly logType: LogType;
  /** A log file is rotated when it reaches this size. */
  readonly logMaxBytes: number;
  /** Rotated files to keep; all but the newest are gzipped. */
  readonly logKeep: number;
  readonly balance: BalanceStrategy;
  /** Weight by slot, 0 to 256; default 1. With 0 the slot gets no new connections. */
  readonly weights: readonly number[];
  /** Slots that get connections only while no other slot can take any. */
  readonly backup: readonly number[];
  /** Maximum number of open connections per worker; null for no limit. */
  readonly maxConns: number | null;
  /** Maximum number of connections per listener that wait in the primary; more wait in the kernel's queue. */
  readonly maxQueue: number;
  /** With `balance: 'auto'`: the share of a core that the primary may spend before the workers accept for themselves. */
  readonly handOffShare: number;
  /** Time in which a replaced or readmitted worker grows to its full weight; 0 for off. */
  readonly slowStartMs: number;
  /** Leading bits of the client address that `ip-hash` uses. */
  readonly ipHashPrefix: { readonly v4: number; readonly v6: number };
  readonly proxyProtocol: ProxyProtocolSpec | null;
  readonly health: HealthCheckSpec | null;
  /** Null for off. */
  readonly ejection: EjectionSpec | null;
  /** Null for off. */
  readonly canary: CanarySpec | null;
  /** A worker without a heartbeat for this long is hung; null for never. */
  readonly hangTimeoutMs: number | null;
  /** A worker is recycled after this many requests; null for never. */
  readonly maxRequests: number | null;
  /** A worker is recycled after this time; null for never. */
  readonly maxLifetimeMs: number | null;
  /** How far to spread `maxRequests` and `maxLifetimeMs` across the slots, as a share of the limit. */
  readonly recycleJitter: number;
  /** Hard limit on resident memory per worker: SIGKILL at once; null for off. */
  readonly maxMemoryKillBytes: number | null;
  /** Endpoint with `/live` and `/ready` for a load balancer in front; null for none. */
  readonly healthPort: HostPort | null;
  /** Minimum number of ready workers for the app to be ready. */
  readonly readyMin: number;
  /** Time between reporting not ready and draining when the app is stopped. */
  readonly drainDelayMs: number;
  /** Time in which a stop of the app ends, from its order to the last kill; null for no limit but `killTimeoutMs`. */
  readonly stopGraceMs: number | null;
  /** Include the workers' `prom-client` metrics. */
  readonly promClient: boolean;
  /** Null for no hook. */
  readonly onEvent: EventHookSpec | null;
  /** Null for no autoscaling. */
  readonly scale: ScaleSpec | null;
}

/** The configured weight of a slot. */
export const weightOf = (weights: readonly number[], slot: number): number => weights[slot] ?? DEFAULT_WEIGHT;
