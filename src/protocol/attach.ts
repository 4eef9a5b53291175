import type { ErrorRecord } from '../errors/lb-error.ts';
import type { AppSpec } from '../lifecycle/app-spec.ts';
import type { AppUser } from '../lifecycle/app-user.ts';
import type { Footprint } from '../lifecycle/replacement.ts';
import type { MergedMetrics } from './app-metrics.ts';
import type { BalanceBody, LogLine, NewEvent, ProgressRecord, ReloadBody, RestartBody, ScaleBody, SignalBody, StopBody, WeightBody } from './control.ts';
import type { ListedApp } from './listed-app.ts';
import { PROFILE_TITLES, type ProfileBody, type ProfileFile } from './profile.ts';
import type { AppSnapshot } from './snapshot.ts';
import type { AppStats } from './stats.ts';
import { WORKER_SETTINGS_VAR, type SocketName } from './worker.ts';

/**
 * Between a primary and its daemon: newline-delimited JSON on a connection that the primary opens to the attach socket, and
 * handles beside it. The daemon's orders carry ids; every order gets exactly one answer, progress before it.
 */

export type Order =
  /**
   * `strict`: a worker that does not become ready fails the start; else the restart policy goes on trying. `beside`: another primary
   * still serves the app, and leaves when this one does too. `footprint`: of its earlier lives. `resting`: it had ended, and waits for
   * what starts it again.
   */
  | {
      readonly kind: 'start';
      readonly spec: AppSpec;
      readonly strict: boolean;
      readonly beside?: boolean;
      readonly generation: number;
      readonly footprint?: Footprint;
      readonly resting?: boolean;
    }
  | ({ readonly kind: 'reload' } & Omit<ReloadBody, 'updateEnv'>)
  | ({ readonly kind: 'restart' } & Omit<RestartBody, 'updateEnv'>)
  | ({ readonly kind: 'scale' } & ScaleBody)
  | ({ readonly kind: 'stop' } & StopBody)
  | ({ readonly kind: 'balance' } & BalanceBody)
  | ({ readonly kind: 'weight' } & WeightBody)
  | ({ readonly kind: 'signal' } & SignalBody)
  | ({ readonly kind: 'profile' } & ProfileBody)
  | { readonly kind: 'abort' }
  | { readonly kind: 'snapshot' }
  | { readonly kind: 'list' }
  | { readonly kind: 'app-metrics' }
  | { readonly kind: 'tail'; readonly lines: number }
  | { readonly kind: 'follow-logs'; readonly on: boolean }
  | { readonly kind: 'reopen-logs' }
  | { readonly kind: 'reset' };

/** For people. */
export const orderTitle = (order: Order): string => (order.kind === 'profile' ? PROFILE_TITLES[order.what] : order.kind);

/** Whether an order changes what an app runs, or how. */
export const changesApp = ({ kind }: Order): boolean => ['reload', 'restart', 'scale', 'balance', 'weight'].includes(kind);

/** What each order is answered with. */
export type Answer =
  | { readonly kind: 'snapshot'; readonly snapshot: AppSnapshot }
  | { readonly kind: 'list'; readonly app: ListedApp }
  | { readonly kind: 'tail'; readonly lines: readonly LogLine[] }
  | { readonly kind: 'profile'; readonly file: ProfileFile }
  | { readonly kind: 'app-metrics'; readonly metrics: MergedMetrics }
  | { readonly kind: 'done'; readonly message: string; readonly snapshot: AppSnapshot; readonly spec: AppSpec };

/** An app that a primary runs. */
export interface Running {
  readonly spec: AppSpec;
  readonly snapshot: AppSnapshot;
}

export type ToPrimary =
  /** First of all, with a handle that the primary holds until its hello is accepted. */
  | { readonly type: 'challenge' }
  /** Its hello is accepted. */
  | { readonly type: 'welcome' }
  | ({ readonly type: 'keep' } & NamedSocket)
  /** The daemon holds no duplicate of this socket. */
  | ({ readonly type: 'dropped' } & SocketId)
  /** The answer to `bind`, when it gets no `keep`. */
  | ({ readonly type: 'unbound'; readonly errno: number } & SocketId)
  /** `start` makes the primary host the app. */
  | { readonly type: 'order'; readonly id: number; readonly app: string; readonly order: Order }
  /** Another primary serves its apps, with the same sockets: it drains what it runs and exits. */
  | { readonly type: 'leave' }
  | { readonly type: 'ping'; readonly seq: number }
  | { readonly type: 'pong' };

/** What a primary reports about one of its apps. */
export type AppReport =
  | { readonly type: 'progress'; readonly id: number; readonly record: ProgressRecord }
  | { readonly type: 'answer'; readonly id: number; readonly answer: Answer }
  | { readonly type: 'failed'; readonly id: number; readonly error: ErrorRecord }
  | { readonly type: 'event'; readonly event: NewEvent }
  /** The definition changed without an order: autoscaling changed the number of workers. */
  | { readonly type: 'redefined'; readonly spec: AppSpec; readonly snapshot: AppSnapshot }
  /** Once a second while something changes; totals are those of this primary. */
  | { readonly type: 'stats'; readonly stats: AppStats }
  | { readonly type: 'log'; readonly lines: readonly LogLine[]; readonly dropped: number }
  /** The app has no worker left and none will come. A primary exits after the last of its apps. */
  | { readonly type: 'ended'; readonly state: 'stopped' | 'errored'; readonly error: string | null; readonly snapshot: AppSnapshot };

export type FromPrimary =
  | {
      readonly type: 'hello';
      readonly protocol: number;
      readonly name: string;
      readonly pid: number;
      readonly startTime: number | null;
      /** The descriptor at which it holds the handle of the challenge, which shows that the connection is its own. */
      readonly proof: number | null;
      readonly version: string;
      /** All listening sockets that it holds. */
      readonly sockets: readonly SocketId[];
      /** The id of the build that it runs. Absent in older primaries. */
      readonly program?: string;
      /** Empty before its first start order. */
      readonly apps: readonly Running[];
    }
  | ({ readonly app: string } & AppReport)
  | HandleMessage
  | { readonly type: 'pong'; readonly seq: number }
  /** Answered with `pong`; daemons of older versions do not know it. */
  | { readonly type: 'ping' };

/** Which pipe of which worker. */
export type OutputOrigin = Pick<LogLine, 'slot' | 'pid' | 'stream'>;

/** A listening socket: the key is unique in its app. */
export interface SocketId {
  readonly app: string;
  readonly key: string;
}

/** A TCP socket, as a worker asks for it. */
export interface PortBinding extends SocketId {
  /** An IP address; null for every one. */
  readonly address: string | null;
  readonly port: number;
  readonly addressType: 4 | 6;
  readonly flags: number;
}

export interface NamedSocket extends SocketId {
  /** Null for a Unix socket. */
  readonly name: SocketName | null;
}

/** What a primary says of its listening sockets, and of the pipes to which its workers print. What the daemon is to keep comes with a handle. */
export type HandleMessage =
  | ({ readonly type: 'keep' } & NamedSocket)
  /** Answered with `dropped` when the duplicate is closed. */
  | ({ readonly type: 'drop' } & SocketId)
  /** The primary of another user may not open this port itself. Answered with `keep` or `unbound`. */
  | ({ readonly type: 'bind' } & PortBinding)
  | { readonly type: 'keep-output'; readonly app: string; readonly origin: OutputOrigin }
  | { readonly type: 'drop-output'; readonly app: string; readonly origin: OutputOrigin };

export const PRIMARY_SETTINGS_VAR = 'LB_PRIMARY_SETTINGS';
/** By which the processes of `lb` are told from others. */
export const SETTINGS_VARS = { primaryVar: PRIMARY_SETTINGS_VAR, workerVar: WORKER_SETTINGS_VAR };

export interface PrimarySettings {
  /** Unique among the primaries of a daemon; the apps come with their start orders. */
  readonly name: string;
  readonly home: string;
  readonly daemonLog: string;
  /** The binary to run a new daemon with. */
  readonly daemonNode: string;
  /** Directory of the program that this primary, its workers and a new daemon run. */
  readonly program: string;
  readonly version: string;
  /** Started by `lb run`: ends when its daemon ends, instead of starting a new one. */
  readonly foreground: boolean;
  /** It becomes this user before it does anything else. Its daemons dial the socket that it inherits, and it starts none. */
  readonly user?: AppUser;
}

/** The descriptor at which a primary of another user inherits its socket. */
export const DOOR_DESCRIPTOR = 3;
