import { resolve } from 'node:path';
import type { DaemonAddress } from '../client/address.ts';
import { homePaths, lbHome, type HomePaths } from '../system/paths.ts';
import type { Io } from './io.ts';
import { styleFor, type Style } from './output/style.ts';

export type Options = Readonly<Record<string, unknown>>;

/** What a command works with: I/O, arguments and options, output functions. */
export interface Context {
  readonly io: Io;
  /** The name of the command, even if an alias was used. */
  readonly command: string;
  /** The command line as it was typed, without the name of the program. */
  readonly argv: readonly string[];
  readonly args: readonly string[];
  readonly options: Options;
  /** Arguments after `--`. */
  readonly appArgs: readonly string[];
  readonly json: boolean;
  readonly home: string;
  readonly address: DaemonAddress;
  readonly outStyle: Style;
  readonly errStyle: Style;
  /** Prints one line of the result, to stdout. */
  readonly print: (text: string) => void;
  /** Prints one line of anything else, to stderr. */
  readonly note: (text: string) => void;
}

export interface Words {
  readonly args: readonly string[];
  readonly options: Options;
  readonly appArgs: readonly string[];
}

/** @param shared the socket of another user's daemon, or a second one of this user's. */
function addressOf({ home, socket, daemonLog }: HomePaths, shared: string | undefined): DaemonAddress {
  return shared ? { home, socket: resolve(shared), daemonLog, isShared: true } : { home, socket, daemonLog };
}

export async function createContext(io: Io, command: string, words: Words, argv: readonly string[] = [command]): Promise<Context> {
  const home = lbHome(io.env);
  const paths = homePaths(home);
  return {
    io,
    command,
    argv,
    ...words,
    json: words.options['json'] === true,
    home,
    address: addressOf(paths, io.env['LB_SOCKET']),
    outStyle: await styleFor(io.stdout, io.env),
    errStyle: await styleFor(io.stderr, io.env),
    print: (text) => void io.stdout.write(`${text}\n`),
    note: (text) => void io.stderr.write(`${text}\n`),
  };
}
