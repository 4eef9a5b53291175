import { join, resolve } from 'node:path';
import type { DaemonAddress } from '../client/address.ts';
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
  /** Nothing is printed but what was asked for, and errors. */
  readonly silent: boolean;
  readonly home: string;
  readonly address: DaemonAddress;
  readonly outStyle: Style;
  readonly errStyle: Style;
  /** Prints one line of the result, to stdout. */
  readonly print: (text: string) => void;
  /** Prints one line of anything else, to stderr. */
  readonly note: (text: string) => void;
  /** Says where the home is, if it has to be made in another place than usual. */
  readonly noteHome: () => void;
}

export interface Words {
  readonly args: readonly string[];
  readonly options: Options;
  readonly appArgs: readonly string[];
}

/** Where the daemon of a command is. */
export interface Place {
  readonly home: string;
  readonly address: DaemonAddress;
  /** Why the home has to be made in another place than usual; null if it has not. */
  readonly madeBecause: string | null;
}

/** The socket of another user's daemon, or a second one of this user's. */
export const sharedAddress = (home: string, socket: string): DaemonAddress => ({
  home,
  socket: resolve(socket),
  daemonLog: join(home, 'daemon.log'),
  isShared: true,
});

export async function createContext(io: Io, command: string, words: Words, argv: readonly string[], { home, address, madeBecause }: Place): Promise<Context> {
  const silent = words.options['silent'] === true;
  const note = (text: string): void => void (silent || io.stderr.write(`${text}\n`));
  const env = words.options['color'] === false ? { ...io.env, NO_COLOR: '1' } : io.env;
  return {
    io,
    command,
    argv,
    ...words,
    json: words.options['json'] === true,
    silent,
    home,
    address,
    outStyle: await styleFor(io.stdout, env),
    errStyle: await styleFor(io.stderr, env),
    print: (text) => void io.stdout.write(`${text}\n`),
    note,
    noteHome: () => {
      if (madeBecause !== null) note(`LB_HOME is ${home} (${madeBecause})`);
    },
  };
}
