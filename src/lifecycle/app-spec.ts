import type { BalanceStrategy } from './balance-strategy.ts';
import type { EventHookSpec } from './event-hook.ts';

const DEFAULT_WEIGHT = 1;
/** As in nginx's examples and HAProxy: shares are ratios, and a larger number means nothing more. */
export const MAX_WEIGHT = 256;
/** Most workers of an app, however their number is given. */
export const MAX_INSTANCES = 1_024;

/** PROXY protocol (v1 and v2) expected at the beginning of each connection. */
export interface ProxyProtocolSpec {
  /** Ports it is expected on; null for every listener. */
  readonly ports: readonly number[] | null;
  /** Addresses and CIDR blocks that may connect; others are closed. Null for everybody. */
  readonly from: readonly string[] | null;
}

/** The active check of each single worker. */
export interface HealthCheckSpec {
  /** HTTP path; null is a plain connect. */
  readonly path: string | null;
  /** Which of the app's ports; null for the one it listened on first. */
  readonly port: number | null;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** Failures in a row after which a worker is ejected. */
  readonly fall: number;
  /** Successes in a row after which it is readmitted. */
  readonly rise: number;
  /** Status codes that count as healthy, as inclusive ranges. */
  readonly expect: readonly (readonly [from: number, to: number])[];
  /** A worker that has been ejected for longer is replaced, the new one first; null is never. */
  readonly replaceAfterMs: number | null;
}

/** Passive checks: what the traffic itself tells of a worker. */
export interface EjectionSpec {
  /** A connection not taken for so long counts against the worker. */
  readonly takeTimeoutMs: number;
  /** An event loop that is so late counts against the worker. */
  readonly loopDelayMs: number;
  /** Share of 5xx answers (0 to 1) that counts against the worker, if its peers are far better. */
  readonly errorRate: number;
  /** First ejection; the nth is n times as long. */
  readonly baseMs: number;
  /** Share of the workers (0 to 1) that may be ejected at a time; one always may. */
  readonly maxShare: number;
}

/** What the number of workers follows: a share of one core (0 to 1) per worker, milliseconds, or requests per second per worker. */
export const SCALE_METRICS = ['elu', 'cpu', 'p95_ms', 'rps_per_worker'] as const;
export type ScaleMetric = (typeof SCALE_METRICS)[number];

/** Autoscaling: how many workers an app may have, and what decides. */
export interface ScaleSpec {
  /** False while the number was set by hand. */
  readonly on: boolean;
  readonly min: number;
  readonly max: number;
  readonly target: { readonly metric: ScaleMetric; readonly value: number };
  /** Time between a change and the next one up. */
  readonly upCooldownMs: number;
  /** Time between a change and the next one down, and how long the load must have been low. */
  readonly downCooldownMs: number;
}

/** Where the readiness endpoint listens. */
export interface HostPort {
  /** Null is every address. */
  readonly host: string | null;
  readonly port: number;
}

/** What the operator wants of one app: resolved, complete, every path absolute. Made by `config`, kept by the daemon, carried out by the primary. */
export interface AppSpec {
  /** Unique in a daemon; see `expectedName`. */
  readonly name: string;
  /** Absolute path of the script the workers run as their main module. */
  readonly script: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** Wanted workers, at least 1. */
  readonly instances: number;
  /** Absolute path of the Node.js binary for the primary and the workers. */
  readonly interpreter: string;
  readonly nodeArgs: readonly string[];
  /** The workers' whole environment; the instance variable is added per worker. */
  readonly env: Readonly<Record<string, string>>;
  /** Name of the variable that carries the slot number. */
  readonly instanceVar: string;
  /** Ready only on `process.send('ready')`. */
  readonly waitReady: boolean;
  readonly listenTimeoutMs: number;
  readonly killTimeoutMs: number;
  /** Send the message `shutdown` instead of a signal. */
  readonly shutdownWithMessage: boolean;
  /** Soft limit on resident memory per worker; null is off. */
  readonly maxMemoryBytes: number | null;
  readonly autorestart: boolean;
  readonly minUptimeMs: number;
  /** Unstable restarts in a row before a slot is errored. */
  readonly maxRestarts: number;
  /** Fixed delay before a restart; null takes the exponential backoff. */
  readonly restartDelayMs: number | null;
  /** First delay of the exponential backoff. */
  readonly backoffBaseMs: number;
  /** Exit codes after which a worker is not restarted. */
  readonly stopExitCodes: readonly number[];
  /** Files of the workers' stdout and stderr; null writes none. With `mergeLogs` false a `-<slot>` goes before the extension. */
  readonly outFile: string | null;
  readonly errorFile: string | null;
  readonly mergeLogs: boolean;
  /** A log file is rotated when it reaches this size. */
  readonly logMaxBytes: number;
  /** Rotated files kept beside the current one, gzipped but the newest. */
  readonly logKeep: number;
  readonly balance: BalanceStrategy;
  /** Weight by slot, 0 to 256; a slot that is not named has 1, one with 0 gets no new connections. */
  readonly weights: readonly number[];
  /** Slots that get connections only while no other takes any. */
  readonly backup: readonly number[];
  /** Open connections per worker; null is no limit. */
  readonly maxConns: number | null;
  /** Connections per listener that wait in the primary; beyond, they wait in the kernel's queue. */
  readonly maxQueue: number;
  /** How long a replaced or readmitted worker's share grows to its weight; 0 is at once. */
  readonly slowStartMs: number;
  /** Bits of a client's address that `ip-hash` looks at. */
  readonly ipHashPrefix: { readonly v4: number; readonly v6: number };
  readonly proxyProtocol: ProxyProtocolSpec | null;
  readonly health: HealthCheckSpec | null;
  /** Null switches passive checks off. */
  readonly ejection: EjectionSpec | null;
  /** A worker without a heartbeat for so long is hung; null is never. */
  readonly hangTimeoutMs: number | null;
  /** Recycled after so many requests; null is never. */
  readonly maxRequests: number | null;
  /** Recycled after so long; null is never. */
  readonly maxLifetimeMs: number | null;
  /** Share by which `maxRequests` and `maxLifetimeMs` are spread over the slots. */
  readonly recycleJitter: number;
  /** Hard limit on resident memory per worker: killed at once; null is off. */
  readonly maxMemoryKillBytes: number | null;
  /** Endpoint that answers `/live` and `/ready` for outer balancers; null is none. */
  readonly healthPort: HostPort | null;
  /** Ready workers below which the app is not ready. */
  readonly readyMin: number;
  /** Between turning not ready and draining, when the app is stopped. */
  readonly drainDelayMs: number;
  /** What its workers keep in `prom-client` is among the metrics. */
  readonly promClient: boolean;
  /** What is called for its events; null is nothing. */
  readonly onEvent: EventHookSpec | null;
  /** Null leaves the number of workers to the operator. */
  readonly scale: ScaleSpec | null;
}

/** The configured weight of a slot. */
export const weightOf = (weights: readonly number[], slot: number): number => weights[slot] ?? DEFAULT_WEIGHT;
