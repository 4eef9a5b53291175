import type { DaemonHello, LogMessage, ProgressRecord, ReloadBody, RestartBody, ResultRecord, ScaleBody, StartBody, StopBody } from '../protocol/control.ts';
import { LbError } from '../errors/lb-error.ts';
import type { AppSpec } from '../lifecycle/app-spec.ts';
import type { LbEvent } from '../protocol/event.ts';
import type { AppSnapshot } from '../protocol/snapshot.ts';
import { findHome } from '../system/find-home.ts';
import { homePaths } from '../system/paths.ts';
import { connect } from './connect.ts';
import { parseApp, parseApps } from './parse.ts';
import { appPath, type Method } from './request.ts';
import { openStream } from './stream.ts';
import { subscribeEvents, subscribeLogs, type EventQuery } from './subscribe.ts';

export interface ClientOptions {
  /** Home directory of the daemon; default `$LB_HOME`, else `~/.lb`. */
  readonly home?: string;
}

/** What an operation did. */
export interface Outcome {
  /** The apps afterwards; empty for `remove`. */
  readonly apps: readonly AppSnapshot[];
  /** One sentence. */
  readonly message: string;
}

/** Follows an operation. */
export interface Follow {
  /** Called with each step. */
  readonly onProgress?: (record: ProgressRecord) => void;
}

/** Which log lines, or events. */
export interface FollowOptions {
  /** Only of this app; default all. */
  readonly app?: string;
  /** Ends the loop. */
  readonly signal?: AbortSignal;
}

/**
 * A program's view of a running daemon. Operations resolve when they are done, as the commands of the same name do, and reject with
 * the error that the command would print.
 */
export interface Client {
  /** The daemon that answered. */
  readonly hello: DaemonHello;
  /** All apps, including stopped ones. */
  list(): Promise<AppSnapshot[]>;
  /** One app. @throws LbError LB_ERR_APP_NOT_FOUND */
  show(name: string): Promise<AppSnapshot>;
  /** Starts apps by their definitions; those that run are left as they are. @throws LbError LB_ERR_OTHER_DEFINITION if one runs as something else */
  startSpecs(specs: readonly AppSpec[], follow?: Follow): Promise<Outcome>;
  /** Starts a stopped or errored app. */
  startAgain(name: string, follow?: Follow): Promise<Outcome>;
  /** Replaces the workers without losing a request. @throws LbError when the new ones are not better than the old ones, which serve on */
  reload(name: string, options?: Omit<ReloadBody, 'slots'> & Follow): Promise<Outcome>;
  /** Stops, then starts; connections wait in between. */
  restart(name: string, options?: Omit<RestartBody, 'slots'> & Follow): Promise<Outcome>;
  /** To, or by, a number of workers, or automatically. */
  scale(name: string, options: ScaleBody & Follow): Promise<Outcome>;
  /** Drains and stops; the definition stays. */
  stop(name: string, options?: StopBody & Follow): Promise<Outcome>;
  /** Drains, stops, and removes the definition. */
  remove(name: string, options?: StopBody & Follow): Promise<Outcome>;
  /** What happens, from now on; with `since`, first all events after that id. @throws LbError LB_ERR_DAEMON_LOST if the daemon goes away */
  events(options?: FollowOptions & Pick<EventQuery, 'since'>): AsyncGenerator<LbEvent>;
  /** What workers print: the last lines (default 0), then new ones. @throws LbError LB_ERR_DAEMON_LOST if the daemon goes away */
  logs(options?: FollowOptions & { readonly lines?: number }): AsyncGenerator<LogMessage>;
  /** Closes the connection; operations under way go on. */
  close(): void;
}

/**
 * Connects to the running daemon; never starts one.
 * @throws LbError LB_ERR_DAEMON_NOT_RUNNING, LB_ERR_DAEMON_UNREACHABLE or LB_ERR_PROTOCOL
 */
export async function connectClient(options: ClientOptions = {}): Promise<Client> {
  const paths = homePaths(options.home ?? findHome().path);
  const { hello, channel } = await connect(paths);
  const run = async (method: Method, path: string, { onProgress, ...body }: Follow): Promise<Outcome> => {
    for await (const record of openStream(channel, method, path, body)) {
      if (record.type === 'result') return outcomeOf(record);
      onProgress?.(record);
    }
    throw new LbError('LB_ERR_DAEMON_GONE');
  };
  return {
    hello,
    list: async () => [...parseApps(await channel.json('/v1/apps'))],
    show: async (name) => parseApp(await channel.json(appPath(name))),
    startSpecs: (apps, follow) => run('POST', '/v1/apps', { ...({ apps } satisfies StartBody), ...follow }),
    startAgain: (name, follow = {}) => run('POST', appPath(name, 'start'), follow),
    reload: (name, given = {}) => run('POST', appPath(name, 'reload'), given),
    restart: (name, given = {}) => run('POST', appPath(name, 'restart'), given),
    scale: (name, given) => run('POST', appPath(name, 'scale'), given),
    stop: (name, given = {}) => run('POST', appPath(name, 'stop'), given),
    remove: (name, given = {}) => run('DELETE', appPath(name), given),
    events: ({ signal, ...query } = {}) => subscribeEvents(channel, signal, query),
    logs: ({ signal, lines = 0, ...query } = {}) => subscribeLogs(channel, { lines, ...query }, signal),
    close: () => channel.close(),
  };
}

function outcomeOf(result: ResultRecord): Outcome {
  if (!result.ok) throw LbError.fromRecord(result.error);
  return { apps: result.apps, message: result.message };
}
