import type { DaemonAddress } from '../client/address.ts';
import { homePaths, lbHome } from '../system/paths.ts';
import type { Io } from './io.ts';
import { styleFor, type Style } from './output/style.ts';

export type Options = Readonly<Record<string, unknown>>;

/** What a command works with: I/O, arguments and options, output functions. */
export interface Context {
  readonly io: Io;
  /** The name of the command, even if an alias was used. */
  readonly command: string;
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

export async function createContext(io: Io, command: string, words: Words): Promise<Context> {
  const home = lbHome(io.env);
  const paths = homePaths(home);
  return {
    io,
    command,
    ...words,
    json: words.options['json'] === true,
    home,
    address: { home, socket: paths.socket, daemonLog: paths.daemonLog },
    outStyle: await styleFor(io.stdout, io.env),
    errStyle: await styleFor(io.stderr, io.env),
    print: (text) => void io.stdout.write(`${text}\n`),
    note: (text) => void io.stderr.write(`${text}\n`),
  };
}
