import type { Peer } from './proxy-header.ts';
import type { ProfileRequest } from './profile.ts';
import type { DrainBlockers } from '../lifecycle/drain-blockers.ts';

/**
 * Messages between a primary and its workers, on the cluster's IPC channel. Node delivers every message whose `cmd`
 * begins with `NODE_` as an internal one, so the app's own `process.on('message')` never sees ours. A raw connection
 * handle travels with `conn` and, back, with `refused`. Taking a connection needs no message of its own: Node
 * acknowledges each handle (`NODE_HANDLE_ACK`), and that acknowledgement is what the primary waits for.
 */
export const MARK = 'NODE_LB';

export interface SocketName {
  readonly address: string;
  readonly port: number;
  readonly family: string;
}

/** Node's own, also for a backlog of 0, which is what it passes when the app gives none. */
export const DEFAULT_BACKLOG = 511;

/** What `server.listen` asked for, after Node has parsed it. */
export interface ListenQuery {
  /** Identity of the listener across workers and generations: address, port or path, family, index. */
  readonly key: string;
  /** Port, or path of a Unix socket when `addressType` is -1. */
  readonly address: string | null;
  readonly port: number | null;
  readonly addressType: 4 | 6 | -1;
  readonly backlog: number | null;
  /** UV_TCP_IPV6ONLY is bit 0. */
  readonly flags: number;
  readonly readableAll: boolean;
  readonly writableAll: boolean;
  readonly kind: ServerKind;
}

/** What a server speaks, as far as it can be told from outside: `h2c` is HTTP/2 without TLS, `tls` and `tcp` anything else. */
export const SERVER_KINDS = ['http', 'https', 'http2', 'h2c', 'tls', 'tcp'] as const;
export type ServerKind = (typeof SERVER_KINDS)[number];

export type ToWorker =
  | { readonly cmd: typeof MARK; readonly t: 'listening'; readonly seq: number; readonly errno: number; readonly name: SocketName | null }
  | { readonly cmd: typeof MARK; readonly t: 'conn'; readonly key: string; readonly peer?: Peer; readonly probe?: true }
  /** `direct`: accept from this listening socket yourself; comes with its handle when `on`, else answered with `released`. */
  | { readonly cmd: typeof MARK; readonly t: 'socket'; readonly key: string; readonly index: number; readonly on: boolean }
  /** Tell at once, not only with each heartbeat, how many connections are open. */
  | { readonly cmd: typeof MARK; readonly t: 'count'; readonly on: boolean }
  | { readonly cmd: typeof MARK; readonly t: 'drain' }
  /** HTTP is quiet and the app was asked: close WebSockets with 1001; with `exit`, end when nothing is left. */
  | { readonly cmd: typeof MARK; readonly t: 'leave'; readonly exit: boolean }
  /** What its own `prom-client` registry has; answered with `app-metrics` and the same id. */
  | { readonly cmd: typeof MARK; readonly t: 'app-metrics'; readonly id: number }
  /** End so many kept HTTP/1 connections with their next answer; takes the place of what is left of an earlier one. */
  | { readonly cmd: typeof MARK; readonly t: 'rebalance'; readonly count: number }
  /** Answered with `profiled`. */
  | { readonly cmd: typeof MARK; readonly t: 'profile'; readonly request: ProfileRequest };

export interface Heartbeat extends OpenCount {
  /** What the gain of `requests` over the heartbeat before is to be divided by. */
  readonly span: Span;
  readonly requestsInFlight: number;
  /** HTTP/1 connections in use that stay open after their answer. */
  readonly kept: number;
  /** Finished since the worker started. */
  readonly requests: number;
  /** Since the worker started, by first digit: 1xx … 5xx. */
  readonly statusClasses: readonly number[];
  /** Requests of the last second by latency bucket (see `LATENCY_BUCKETS_MS`). */
  readonly latency: readonly number[];
  /** Sum of all response times that `latency` told of, since the worker started. */
  readonly latencySumMs: number;
  /** Of connections that had a request, since the worker started; what TLS adds is not among them. */
  readonly bytesReceived: number;
  readonly bytesSent: number;
  readonly use: ProcessUse;
  /** Null while the worker is idle: nobody looks then. */
  readonly loopDelay: LoopDelaySummary | null;
  readonly eventLoopUtilization: number;
  /** How late the heartbeat's own timer was. */
  readonly eventLoopDelayMs: number;
  /** Where its inspector is open; null when it is not. */
  readonly inspectorPort: number | null;
  /** The app listens for SIGUSR1 itself, which then opens no inspector. */
  readonly ownSigusr1: boolean;
}

/** The time that a heartbeat stands for: since the one before it, but without the idle seconds that were left out before something happened. At least a second. */
export interface Span {
  readonly ms: number;
  /** CPU time in it. */
  readonly cpuMs: number;
}

/** What a worker's process uses; times and counts since it started. */
export interface ProcessUse {
  readonly cpuMs: number;
  readonly rssBytes: number;
  readonly heapUsedBytes: number;
  readonly heapLimitBytes: number;
  readonly gcCount: number;
  readonly gcMs: number;
  /** Sockets, timers and whatever else keeps the process alive; looked at every tenth time. */
  readonly handles: number;
}

/** How late timers ran since the last heartbeat. */
export interface LoopDelaySummary {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** Open connections of a worker, and what they include. */
export interface OpenCount {
  /** Open now. */
  readonly connections: number;
  /** Connections that had reached it by then, since it started; those on their way are not among the open ones. */
  readonly delivered: number;
}

/** Upper bounds; one more bucket holds what is above. */
export const LATENCY_BUCKETS_MS = [1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000] as const;

export type FromWorker =
  | { readonly cmd: typeof MARK; readonly t: 'listen'; readonly seq: number; readonly query: ListenQuery }
  | { readonly cmd: typeof MARK; readonly t: 'unlisten'; readonly key: string }
  | { readonly cmd: typeof MARK; readonly t: 'refused'; readonly key: string; readonly peer?: Peer; readonly probe?: true }
  /** It accepts from this socket no more. */
  | { readonly cmd: typeof MARK; readonly t: 'released'; readonly key: string; readonly index: number }
  | { readonly cmd: typeof MARK; readonly t: 'heartbeat'; readonly beat: Heartbeat }
  | { readonly cmd: typeof MARK; readonly t: 'open'; readonly count: OpenCount }
  /** The file is written, or why it is not. */
  | { readonly cmd: typeof MARK; readonly t: 'profiled'; readonly path: string; readonly bytes: number; readonly error: string | null }
  /** JSON; null when it could not be read, or is too much. */
  | { readonly cmd: typeof MARK; readonly t: 'app-metrics'; readonly id: number; readonly text: string | null }
  /** Its primary sent something that it cannot read. */
  | { readonly cmd: typeof MARK; readonly t: 'malformed'; readonly field: string; readonly problem: string }
  /** On its way out; `quiet` when no HTTP connection is left. `handler` is the signal the app listens for. */
  | {
      readonly cmd: typeof MARK;
      readonly t: 'draining';
      readonly quiet: boolean;
      readonly handler: 'SIGTERM' | 'SIGINT' | null;
      readonly blockers: DrainBlockers;
    };

/** What the sender of a message gives: the mark is added to each. */
export type Unmarked<M> = M extends unknown ? Omit<M, 'cmd'> : never;

/** Below this event-loop utilization, and without requests, a worker leaves out most heartbeats. */
export const IDLE_UTILIZATION = 0.05;

/** Argument of Node that makes SIGUSR1 open an inspector on a free port; the preload hides it from the app. */
export const INSPECT_ARGUMENT = '--inspect-port=0';

/** Set for each worker in the environment; the preload reads and removes it. */
export const WORKER_SETTINGS_VAR = 'LB_WORKER_SETTINGS';

export interface WorkerSettings {
  readonly protocol: number;
  readonly killTimeoutMs: number;
  /** What an orphan starts when the daemon is gone too; null in the foreground mode. */
  readonly restartDaemon: { readonly socket: string; readonly program: string; readonly home: string; readonly log: string; readonly node: string } | null;
}
