import type { ErrorRecord } from '../errors/lb-error.ts';
import type { AppSpec, HostPort } from '../lifecycle/app-spec.ts';
import type { BalanceStrategy } from '../lifecycle/balance-strategy.ts';
import type { DaemonRole } from '../lifecycle/daemon-role.ts';
import type { DrainBlockers } from '../lifecycle/drain-blockers.ts';
import type { ProfileFile } from './profile.ts';
import type { AppSnapshot, OperationKind } from './snapshot.ts';

export type { LbEvent, NewEvent, Severity } from './event.ts';

/**
 * The control API: HTTP/1.1 with JSON on a Unix socket. Paths:
 *
 * - `GET /v1/hello` → DaemonHello
 * - `GET /v1/list` → { apps: ListedApp[], notes: string[], program?: string }, what `lb list` shows; `notes` says which
 *   files of the home cannot be used, `program` which build the daemon runs
 * - `GET /v1/apps` → { apps: AppSnapshot[] }; `GET /v1/apps/:name` → AppSnapshot
 * - `POST /v1/apps` StartBody → stream; `POST /v1/apps/:name/start|reload|restart|stop|scale|balance|weight|signal|abort|profile` → stream
 * - `DELETE /v1/apps/:name` → stream; `POST /v1/shutdown` → stream (drains everything, ends the daemon)
 * - `POST /v1/handover` HandOverBody → {}: leaves the home to another daemon; apps are not touched
 * - `POST /v1/apps/:name/reopen`, after an external rotation of its log files
 * - `POST /v1/apps/:name/flush` → { files: number }, how many log files were emptied; `POST /v1/apps/:name/reset`, the counters of restarts
 * - `GET /v1/apps/:name/env` → { env: Record<string, string> }, of its definition
 * - `GET /v1/apps/:name/logs?lines=n` → { lines: LogLine[] }
 * - `GET /v1/events?app=a&since=id&limit=n` → { events: LbEvent[] }, oldest first: the first n after `since`, else the newest n
 * - `GET /v1/history?app=a&metric=rps&resolution=1s|10s|1m[&slot=n]` → HistoryAnswer
 * - `GET /v1/histories?resolution=1s|10s|1m[&points=n][&metric=rps …][&app=a][&level=app|slot]` → HistoriesAnswer
 * - `GET /v1/metrics` → Prometheus' text; `POST /v1/metrics` MetricsBody → { url: string | null }
 * - `POST /v1/upgrade` UpgradeBody → { begun: boolean }, false if there is nothing to do; `GET /v1/upgrade` → UpgradeReport
 * - `POST /v1/share` ShareBody → { shared: SharedSocketState | null }
 * - WebSocket `GET /v1/logs?app=a&lines=n`, `/v1/events?app=a&lines=n` or `&since=id` (all after it), `/v1/stats`
 * - `Upgrade: lb-attach` on `/v1/attach`: a primary (see attach.ts)
 *
 * A stream is newline-delimited JSON: progress records, then exactly one result record. An error before any work begins is
 * answered with 4xx or 5xx and `{ error: ErrorRecord }`; a later one is in the result record. Clients send `x-lb-protocol`; a
 * mismatch is answered with 426 before anything else. Requests that only read, and those of `isForNeighbours`, are answered one
 * version apart too.
 */

export interface DaemonHello {
  readonly name: 'lb';
  readonly version: string;
  readonly protocol: number;
  readonly pid: number;
  readonly node: string;
  readonly home: string;
  readonly uptimeMs: number;
  /** The id of the build that it runs. Absent in older daemons. */
  readonly program?: string;
  /** Where the metrics are served, and why they are not at the moment; null if turned off. Absent in older daemons. */
  readonly metrics?: { readonly url: string; readonly problem: string | null } | null;
  /** The socket that is shared with a group; null for none. Absent in older daemons. */
  readonly shared?: SharedSocketState | null;
}

/** A second control socket, for the members of a group. */
export interface SharedSocket {
  readonly group: string;
  readonly gid: number;
  /** Absolute path; only the group may enter its folder. */
  readonly socket: string;
}

export interface SharedSocketState extends SharedSocket {
  /** Why it is not open at the moment. */
  readonly problem: string | null;
}

/**
 * `POST /v1/apps`: defines and starts apps. Replaces stopped and errored apps; running ones are left alone, which is an error
 * if something else is declared for one now. If one fails to start, the others are still started.
 */
export interface StartBody {
  readonly apps: readonly AppSpec[];
  /**
   * Path of a Unix socket of the client, to which the daemon connects: there it gets listening sockets for these apps, as `keep` messages
   * with a handle each, and then `end`. The apps serve them from their start on.
   */
  readonly sockets?: string;
}

/** `POST /v1/apps/:name/start`, of an app that is defined and does not run. */
export interface StartAgainBody {
  /** Merged into the definition's environment. */
  readonly updateEnv?: Readonly<Record<string, string>>;
}

/** `POST /v1/apps/:name/reload`. */
export interface ReloadBody {
  /** The new definition; absent to keep the current one. */
  readonly spec?: AppSpec;
  /** Merged into the definition's environment. */
  readonly updateEnv?: Readonly<Record<string, string>>;
  /** Workers replaced at the same time; default 1. */
  readonly parallel?: number;
  /** Monitor window: how long a new worker must survive before its old one leaves; default: that of the definition's `canary`. */
  readonly monitorMs?: number;
  readonly onFailure?: OnFailure;
  /** Listeners that the new workers need not have: labels, or `:9100`. */
  readonly drop?: readonly string[];
  /** Start all new workers beside the old ones, then switch. */
  readonly allAtOnce?: boolean;
  /** Replace only these slots, within the present generation; default all. Not with a new definition. */
  readonly slots?: readonly number[];
}

export const ON_FAILURE = ['rollback', 'pause', 'continue'] as const;
export type OnFailure = (typeof ON_FAILURE)[number];

/** `POST /v1/apps/:name/restart`. */
export interface RestartBody {
  readonly spec?: AppSpec;
  readonly updateEnv?: Readonly<Record<string, string>>;
  readonly now?: boolean;
  /** Replace only these slots, within the present generation; default all. Not with a new definition. */
  readonly slots?: readonly number[];
}

/** `POST /v1/apps/:name/stop`, `DELETE /v1/apps/:name`. */
export interface StopBody {
  /** Skip the drain: SIGKILL. */
  readonly now?: boolean;
}

/** `POST /v1/apps/:name/scale`: absolute, relative, or automatic. Absolute and relative turn autoscaling off until `auto`. */
export interface ScaleBody {
  readonly to?: number;
  readonly by?: number;
  readonly auto?: boolean;
}

/** `POST /v1/apps/:name/balance`. */
export interface BalanceBody {
  readonly strategy: BalanceStrategy;
}

/** `POST /v1/apps/:name/weight`: other slots keep their weights. */
export interface WeightBody {
  readonly weights: readonly { readonly slot: number; readonly weight: number }[];
}

/** `POST /v1/metrics`: serves the metrics at this address, now and after a restart of the daemon; null turns that off. */
export interface MetricsBody {
  readonly listen: HostPort | null;
  /** Names of this machine that scrapers use, besides its addresses, `localhost` and its own name. */
  readonly hosts?: readonly string[] | undefined;
}

/** `POST /v1/share`: opens this socket, now and after a restart of the daemon; null closes it. */
export interface ShareBody {
  readonly shared: SharedSocket | null;
}

/** `POST /v1/handover`: from the daemon that takes over. */
export interface HandOverBody {
  readonly role: DaemonRole;
  readonly pid: number;
}

/** `POST /v1/upgrade`: replaces the daemon, and then each primary, by another build. */
export interface UpgradeBody {
  /** Directory of the installed build; absent for the one from which this daemon was installed. */
  readonly program?: string;
  /** Node.js binary of the next daemon; absent for the one that runs this daemon. */
  readonly node?: string;
  /** Back to the build before the last upgrade. */
  readonly back?: boolean;
}

export const UPGRADE_STAGES = ['daemon', 'primaries', 'settling', 'done', 'failed'] as const;

/** The last upgrade of a home. */
export interface UpgradeState {
  /** Ids of builds. */
  readonly from: string;
  readonly to: string;
  /** `settling`: all that could be replaced is; files are still written for the build before. */
  readonly stage: (typeof UPGRADE_STAGES)[number];
  /** What was done, in sentences. */
  readonly steps: readonly string[];
  /** Why it failed, or which apps were left out. */
  readonly problems: readonly string[];
}

/** `GET /v1/upgrade`. */
export interface UpgradeReport {
  /** The build of the daemon that answers; null if it is not known. */
  readonly program: string | null;
  /** Null if there was none. */
  readonly upgrade: UpgradeState | null;
}

/** `POST /v1/apps/:name/signal`: to all workers, or to one. */
export interface SignalBody {
  readonly signal: string;
  readonly pid?: number;
}

/** Steps of an operation. */
export const PROGRESS_STEPS = ['starting', 'ready', 'draining', 'stopping', 'exited', 'failed', 'queued', 'rollback', 'note'] as const;
export type ProgressStep = (typeof PROGRESS_STEPS)[number];

export interface ProgressRecord {
  readonly type: 'progress';
  readonly app: string;
  readonly operation: OperationKind;
  readonly step: ProgressStep;
  readonly slot: number | null;
  readonly generation: number | null;
  readonly pid: number | null;
  /** A complete sentence. */
  readonly message: string;
  readonly blockers?: DrainBlockers;
}

export type ResultRecord =
  | { readonly type: 'result'; readonly ok: true; readonly apps: readonly AppSnapshot[]; readonly message: string; readonly file?: ProfileFile }
  | { readonly type: 'result'; readonly ok: false; readonly error: ErrorRecord };

export type StreamRecord = ProgressRecord | ResultRecord;

/** Stdout or stderr. */
export type LogStream = 'out' | 'err';

/** A line that a worker wrote. */
export interface LogLine {
  readonly app: string;
  readonly slot: number;
  readonly pid: number;
  readonly stream: LogStream;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly text: string;
  /** Its beginning was a line before, of the same worker and stream, that was open. */
  readonly continues?: true;
  /** The app has not ended the line; the rest comes as another one that continues it. */
  readonly open?: true;
}

/** Messages of `/v1/logs`. */
export type LogMessage =
  | { readonly type: 'line'; readonly line: LogLine }
  /** This many lines are missing here because the reader was too slow. */
  | { readonly type: 'dropped'; readonly lines: number };

/** Messages of `/v1/stats`, immediately and then every second. */
export interface Stats {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly apps: readonly AppSnapshot[];
}

/** What a client of the next or the previous version may ask for beside what only reads: to stop, and to upgrade. */
export function isForNeighbours(method: string, path: string): boolean {
  return method === 'GET' || /^\/v1\/(?:apps\/[^/]+\/stop|shutdown|upgrade|handover)$/.test(path);
}
