import type { AppSnapshot } from '../protocol/snapshot.ts';
import type { DaemonHello } from '../protocol/control.ts';
import { findHome } from '../system/find-home.ts';
import { homePaths } from '../system/paths.ts';
import { connect } from './connect.ts';
import { parseApp, parseApps } from './parse.ts';
import { appPath } from './request.ts';

export interface ClientOptions {
  /** Home directory of the daemon; default `$LB_HOME`, else `~/.lb`. */
  readonly home?: string;
}

/** A program's view of a running daemon. */
export interface Client {
  /** The daemon that answered. */
  readonly hello: DaemonHello;
  /** All apps, including stopped ones. */
  list(): Promise<AppSnapshot[]>;
  /** One app. @throws LbError LB_ERR_APP_NOT_FOUND */
  show(name: string): Promise<AppSnapshot>;
  close(): void;
}

/**
 * Connects to the running daemon; never starts one.
 * @throws LbError LB_ERR_DAEMON_NOT_RUNNING, LB_ERR_DAEMON_UNREACHABLE or LB_ERR_PROTOCOL
 */
export async function connectClient(options: ClientOptions = {}): Promise<Client> {
  const paths = homePaths(options.home ?? findHome().path);
  const { hello, channel } = await connect(paths);
  return {
    hello,
    list: async () => [...parseApps(await channel.json('/v1/apps'))],
    show: async (name) => parseApp(await channel.json(appPath(name))),
    close: () => channel.close(),
  };
}
