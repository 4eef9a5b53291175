import type { Peer } from './proxy-header.ts';
import type { ProfileRequest } from './profile.ts';
import type { Patience, Tally } from '../lifecycle/canary.ts';
import type { DrainBlockers } from '../lifecycle/drain-blockers.ts';

/**
 * Messages between a primary and its workers, on the cluster's IPC channel. Node.js delivers every message whose `cmd` begins
 * with `NODE_` as an internal one, so the app's own `process.on('message')` never sees ours. A raw connection handle travels
 * with `conn`, and back with `refused`. Taking a connection needs no message: the primary waits for Node's own acknowledgement
 * of the handle (`NODE_HANDLE_ACK`).
 */
export const MARK = 'NODE_LB';

export interface SocketName {
  readonly address: string;
  readonly port: number;
  readonly family: string;
}

/** Node's default; Node.js passes 0 if the app gives none. */
export const DEFAULT_BACKLOG = 511;
/** The kernel cuts it to `net.core.somaxconn`. */
export const LONGEST_BACKLOG = 65_535;

/** The arguments of `server.listen`, parsed by Node.js. */
export interface ListenQuery {
  /** Identifies the listener across workers and generations: address, port or path, family, index. */
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
  /** Of a Unix socket: the worker's file mode creation mask. */
  readonly umask?: number;
  readonly kind: ServerKind;
}

/** The protocol of a server, as far as it is visible from outside: `h2c` is HTTP/2 without TLS; `tls` and `tcp` are anything else. */
export const SERVER_KINDS = ['http', 'https', 'http2', 'h2c', 'tls', 'tcp'] as const;
export type ServerKind = (typeof SERVER_KINDS)[number];

export type ToWorker =
  | { readonly cmd: typeof MARK; readonly t: 'listening'; readonly seq: number; readonly errno: number; readonly name: SocketName | null }
  | { readonly cmd: typeof MARK; readonly t: 'conn'; readonly key: string; readonly peer?: Peer; readonly probe?: true }
  /** Accept from this listening socket, or no longer. With `on` the handle comes along; the answer is `accepting`. */
  | { readonly cmd: typeof MARK; readonly t: 'socket'; readonly key: string; readonly on: boolean }
  /** Whether to report the number of open connections at once, not only with heartbeats. */
  | { readonly cmd: typeof MARK; readonly t: 'count'; readonly on: boolean }
  | { readonly cmd: typeof MARK; readonly t: 'drain' }
  /** Whether the next primary waits for its end, so that it must leave at once if this primary is gone. */
  | { readonly cmd: typeof MARK; readonly t: 'awaited'; readonly on: boolean }
  /** HTTP is quiet and the app has been asked to shut down: close WebSockets with 1001. With `exit`, end when nothing is left. */
  | { readonly cmd: typeof MARK; readonly t: 'leave'; readonly exit: boolean }
  /** Requests the metrics of the app's `prom-client` registry; answered by `app-metrics` with the same id. */
  | { readonly cmd: typeof MARK; readonly t: 'app-metrics'; readonly id: number }
  /** Close this many keep-alive HTTP/1 connections with their next answer; replaces an earlier count. */
  | { readonly cmd: typeof MARK; readonly t: 'rebalance'; readonly count: number }
  /** What became of your requests? Answered by `tally` with the same id. */
  | { readonly cmd: typeof MARK; readonly t: 'tally'; readonly id: number; readonly patience: Patience }
  /** To members: one of them will get the connection of a health check from this port of this machine. */
  | { readonly cmd: typeof MARK; readonly t: 'probe'; readonly port: number }
  /** Answered by `profiled`. */
  | { readonly cmd: typeof MARK; readonly t: 'profile'; readonly request: ProfileRequest };

export interface Heartbeat extends OpenCount {
  /** The time over which `requests` grew, for rates. */
  readonly span: Span;
  readonly requestsInFlight: number;
  /** HTTP/1 connections in use that stay open after their answer. */
  readonly kept: number;
  /** Since the worker started. */
  readonly requests: number;
  /** By status class, 1xx to 5xx, since the worker started. */
  readonly statusClasses: readonly number[];
  /** Requests of the last second by latency bucket (see `LATENCY_BUCKETS_MS`). */
  readonly latency: readonly number[];
  /** Sum of all response times in `latency`, since the worker started. */
  readonly latencySumMs: number;
  /** Of connections that had a request, without the overhead of TLS, since the worker started. */
  readonly bytesReceived: number;
  readonly bytesSent: number;
  readonly use: ProcessUse;
  /** Null while idle, when it is not measured. */
  readonly loopDelay: LoopDelaySummary | null;
  readonly eventLoopUtilization: number;
  /** Delay of the heartbeat's own timer. */
  readonly eventLoopDelayMs: number;
  /** Port of its inspector; null if it is closed. */
  readonly inspectorPort: number | null;
  /** The app handles SIGUSR1 itself, so the signal opens no inspector. */
  readonly ownSigusr1: boolean;
}

/** The time a heartbeat covers: since the previous one, without the idle time before activity resumed. */
export interface Span {
  readonly ms: number;
  /** CPU time in the span. */
  readonly cpuMs: number;
}

/** Resource usage of a worker's process. Times and counts are since its start. */
export interface ProcessUse {
  readonly cpuMs: number;
  readonly rssBytes: number;
  readonly heapUsedBytes: number;
  readonly heapLimitBytes: number;
  readonly gcCount: number;
  readonly gcMs: number;
  /** Active handles such as sockets and timers; sampled with every tenth heartbeat. */
  readonly handles: number;
}

/** Timer delays since the last heartbeat. */
export interface LoopDelaySummary {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** Open connections of a worker. */
export interface OpenCount {
  /** Open now. */
  readonly connections: number;
  /** Connections from the primary that had reached the worker, in total; those still on their way are not in `connections`. */
  readonly delivered: number;
  /** Connections that it accepted from lent sockets, in total. */
  readonly accepted: number;
}

/** Upper bounds of the buckets; one more bucket is above them. */
export const LATENCY_BUCKETS_MS = [1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000] as const;

export type FromWorker =
  | { readonly cmd: typeof MARK; readonly t: 'listen'; readonly seq: number; readonly query: ListenQuery }
  | { readonly cmd: typeof MARK; readonly t: 'unlisten'; readonly key: string }
  | { readonly cmd: typeof MARK; readonly t: 'refused'; readonly key: string; readonly peer?: Peer; readonly probe?: true }
  /** It accepts from this socket now, or no longer. */
  | { readonly cmd: typeof MARK; readonly t: 'accepting'; readonly key: string; readonly on: boolean }
  | { readonly cmd: typeof MARK; readonly t: 'heartbeat'; readonly beat: Heartbeat }
  | { readonly cmd: typeof MARK; readonly t: 'open'; readonly count: OpenCount }
  /** The file was written, or could not be. */
  | { readonly cmd: typeof MARK; readonly t: 'profiled'; readonly path: string; readonly bytes: number; readonly error: string | null }
  /** JSON; null if it could not be read or is too large. */
  | { readonly cmd: typeof MARK; readonly t: 'app-metrics'; readonly id: number; readonly text: string | null }
  | { readonly cmd: typeof MARK; readonly t: 'tally'; readonly id: number; readonly tally: Tally }
  /** The worker received a message that it can't parse. */
  | { readonly cmd: typeof MARK; readonly t: 'malformed'; readonly field: string; readonly problem: string }
  /** It is draining; `quiet` while no HTTP connection is left but those with endless answers. `handler` is the signal the app handles. */
  | {
      readonly cmd: typeof MARK;
      readonly t: 'draining';
      readonly quiet: boolean;
      readonly handler: 'SIGTERM' | 'SIGINT' | null;
      readonly blockers: DrainBlockers;
    };

/** A message as its sender creates it; the mark is added to it. */
export type Unmarked<M> = M extends unknown ? Omit<M, 'cmd'> : never;

/** Below this event-loop utilization, and without requests, a worker skips most heartbeats. */
export const IDLE_UTILIZATION = 0.05;

/** Makes Node.js open the inspector on a free port on SIGUSR1; the preload hides it from the app. */
export const INSPECT_PORT = '--inspect-port=0';
/** Whoever wants to attach must know the path that Node.js prints to stderr: it is not served, so other users cannot. Hidden as well. */
export const INSPECT_SECRET = '--inspect-publish-uid=stderr';

/** The daemon's order to a worker without a primary: ask your app to shut down. It does nothing to a process that does not listen for it. */
export const LEAVE_SIGNAL = 'SIGCONT';

/** Environment variable of each worker; the preload reads and removes it. */
export const WORKER_SETTINGS_VAR = 'LB_WORKER_SETTINGS';

/** `member`: a cluster worker of an app that clusters itself. It reports to the app's own primary, which is our plain worker. */
export const WORKER_ROLES = ['cluster', 'plain', 'member'] as const;
type WorkerRole = (typeof WORKER_ROLES)[number];

export interface WorkerSettings {
  readonly protocol: number;
  readonly role: WorkerRole;
  /** By which a daemon finds the app of a worker whose primary is dead. */
  readonly app: string;
  /** The app's own NODE_OPTIONS, in a process that got the preload by that variable; null if the app has none. */
  readonly nodeOptions: string | null;
  readonly killTimeoutMs: number;
  /** A worker without a primary asks its app to shut down after this time at the latest. */
  readonly askAfterMs?: number;
  /** While the worker drains, an idle connection is closed this long after its last byte. */
  readonly drainIdleMs?: number;
  /** File mode creation mask, set before the app runs; absent to keep that of the primary. */
  readonly umask?: number;
  /** How an orphan starts a daemon if that is gone too; null in foreground mode. */
  readonly restartDaemon: { readonly socket: string; readonly program: string; readonly home: string; readonly log: string; readonly node: string } | null;
}
